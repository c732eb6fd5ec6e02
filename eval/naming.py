"""What each pixel shows, in two glances: where objects stand, from the whole picture; then each of them from near.

The first oracle knows better that something stands there than what it is, as long as it sees the whole. So every piece
that hangs together is looked at again by itself, as is every region it touches; what they are taken for weighs the
names of its cells. What was asked for plays no part.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from eval.oracle_nets import CELL_PX
from eval.oracles import Oracles
from eval.shapes import pieces
from train.concepts import objects

NUM_OBJECTS = len(objects())
DOUBT = 0.02  # what a name keeps that no view has given
ELSEWHERE = 0.1  # what the views of a whole piece weigh inside a region
HINT = 0.12  # of the probability, where an object might stand
LEAST_CELLS = 4  # a smaller piece is not looked at by itself


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Named:
    """For each pixel (H W): its class; among grounds alone the likeliest one; whether an object might stand there."""

    seen: np.ndarray
    ground: np.ndarray
    maybe_object: np.ndarray


def named_pixels(
    oracles: Oracles, picture: np.ndarray, visible: Sequence[np.ndarray], posteriors: np.ndarray
) -> Named:
    """Both glances at a picture.

    picture (H W 3) uint8; visible: regions (H W) bool, and posteriors (p classes) what the oracle takes them for.
    """
    cells = oracles.segment(picture)
    names = names_of_cells(oracles, picture, cells, visible, posteriors)
    things = cells[:NUM_OBJECTS] * (DOUBT + names)
    things *= cells[:NUM_OBJECTS].sum(0) / np.maximum(things.sum(0), 1e-9)
    return Named(
        seen=likeliest(things, cells[NUM_OBJECTS:]),
        ground=smooth(cells[NUM_OBJECTS:-1]).argmax(0) + NUM_OBJECTS,
        maybe_object=smooth(cells[None, :NUM_OBJECTS].sum(1))[0] > HINT,
    )


def names_of_cells(
    oracles: Oracles,
    picture: np.ndarray,
    cells: np.ndarray,
    visible: Sequence[np.ndarray],
    posteriors: np.ndarray,
) -> np.ndarray:
    """What views say of each cell, (objects h w): in a region mostly its own view, elsewhere those of its piece."""
    names = np.ones((NUM_OBJECTS, *cells.shape[1:]), np.float32)
    for piece, posterior in zip(*looked_at(oracles, picture, cells[:NUM_OBJECTS].sum(0) > 0.5), strict=True):
        fine = enlarged(piece)
        touched = [posteriors[number] for number, mask in enumerate(visible) if (mask & fine).any()]
        names[:, piece] = np.sum([posterior, *touched], axis=0)[:NUM_OBJECTS, None]
    for mask, posterior in zip(visible, posteriors, strict=True):
        inside = mask[CELL_PX // 2 :: CELL_PX, CELL_PX // 2 :: CELL_PX]
        names[:, inside] = ELSEWHERE * names[:, inside] + posterior[:NUM_OBJECTS, None]
    return names


def looked_at(
    oracles: Oracles, picture: np.ndarray, is_object: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """The pieces (h w) bool of what stands there, and what each is taken for (n classes)."""
    found = [piece for piece in pieces(is_object) if piece.sum() >= LEAST_CELLS]
    if not found:
        return [], np.zeros((0, 0), np.float32)
    return found, oracles.classify("first", picture, [enlarged(piece) for piece in found])


def enlarged(piece: np.ndarray) -> np.ndarray:
    """(h w) bool of cells -> (H W) bool of pixels."""
    return piece.repeat(CELL_PX, 0).repeat(CELL_PX, 1)


def likeliest(things: np.ndarray, grounds: np.ndarray) -> np.ndarray:
    """The class of each pixel: an object where objects together are likelier than not, the likeliest of them."""
    fine = smooth(things)
    return np.where(fine.sum(0) > 0.5, fine.argmax(0), smooth(grounds).argmax(0) + NUM_OBJECTS)


def smooth(cells: np.ndarray) -> np.ndarray:
    """(classes h w) per cell -> (classes H W)."""
    return F.interpolate(torch.from_numpy(cells)[None], scale_factor=CELL_PX, mode="bilinear")[0].numpy()
