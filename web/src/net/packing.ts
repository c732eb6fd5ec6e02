/** The worker of the packer. */

import { zlibSync } from "fflate";
import type { Parcel } from "./packer";

self.onmessage = ({ data }: MessageEvent<Parcel>): void => {
  const pixels = data.pixels.map((bytes) => zlibSync(bytes, { level: 1 }));
  self.postMessage({ number: data.number, pixels } satisfies Parcel, { transfer: pixels.map(({ buffer }) => buffer) });
};
