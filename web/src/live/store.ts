/** The history strip and the time-lapse in this browser, each in an IndexedDB store of its own. */

import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import type { Bytes } from "../document/shelf";
import type { Snapshot } from "./snapshots";

const snapshots = createStore("semdraw-history", "snapshots");
const film = createStore("semdraw-timelapse", "frames");

/** Newest first. */
export async function readSnapshots(): Promise<readonly Snapshot[]> {
  const found = await snapshots("readonly", (store) => promisifyRequest<Snapshot[]>(store.getAll()));
  return found.toSorted((a, b) => b.at_ms - a.at_ms);
}

export function writeSnapshots(added: readonly Snapshot[], gone: readonly string[]): Promise<void> {
  return write(snapshots, (store) => {
    for (const id of gone) store.delete(id);
    for (const snapshot of added) store.put(snapshot, snapshot.id);
  });
}

/** A picture of the time-lapse; their numbers rise with time, with gaps where it was thinned. */
export interface FilmFrame {
  readonly number: number;
  readonly jpeg: Bytes;
}

/** Oldest first. */
export async function readFilm(): Promise<readonly FilmFrame[]> {
  const found = await film("readonly", (store) => promisifyRequest<FilmFrame[]>(store.getAll()));
  return found.toSorted((a, b) => a.number - b.number);
}

export function writeFilm(added: readonly FilmFrame[], gone: readonly number[]): Promise<void> {
  return write(film, (store) => {
    for (const number of gone) store.delete(number);
    for (const frame of added) store.put(frame, frame.number);
  });
}

function write(rows: UseStore, act: (store: IDBObjectStore) => void): Promise<void> {
  return rows("readwrite", (store) => {
    act(store);
    return promisifyRequest(store.transaction);
  });
}
