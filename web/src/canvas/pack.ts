/** Painted bytes made small: long runs of one value, as bare and full areas are, take two bytes; the rest takes itself. */

const LONGEST = 128;
/** A run that is shorter saves nothing. */
const SHORTEST = 3;

/** Runs as (257 - length, value), the rest as (length - 1, values…); a run is never longer than 128. */
export function pack(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const run = runAt(bytes, at);
    if (run >= SHORTEST) {
      out.push(257 - run, bytes[at] as number);
      at += run;
      continue;
    }
    const start = at;
    while (at < bytes.length && at - start < LONGEST && runAt(bytes, at, SHORTEST) < SHORTEST) at++;
    out.push(at - start - 1);
    for (let index = start; index < at; index++) out.push(bytes[index] as number);
  }
  return Uint8Array.from(out);
}

/** How many bytes from here on are the same. */
function runAt(bytes: Uint8Array, start: number, enough = LONGEST): number {
  const end = Math.min(bytes.length, start + enough);
  let at = start + 1;
  while (at < end && bytes[at] === bytes[start]) at++;
  return at - start;
}

export function unpack(packed: Uint8Array): Uint8Array {
  const out = new Uint8Array(lengthOf(packed));
  let to = 0;
  for (let at = 0; at < packed.length; ) {
    const head = packed[at] as number;
    const isRun = head >= LONGEST;
    const count = isRun ? 257 - head : head + 1;
    if (isRun) out.fill(packed[at + 1] as number, to, to + count);
    else out.set(packed.subarray(at + 1, at + 1 + count), to);
    to += count;
    at += isRun ? 2 : 1 + count;
  }
  return out;
}

function lengthOf(packed: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < packed.length; ) {
    const head = packed[at] as number;
    length += head >= LONGEST ? 257 - head : head + 1;
    at += head >= LONGEST ? 2 : 2 + head;
  }
  return length;
}
