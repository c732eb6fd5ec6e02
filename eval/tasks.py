"""What a run consists of: pieces of work that can be done in any order, each of them once."""

from __future__ import annotations

from dataclasses import dataclass

from eval.methods import MethodRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One picture of one layout by one method; a take above 0 is a further picture by another seed."""

    method: MethodRow
    layout: int
    take: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTask:
    """One edit script at the live engine."""

    method: MethodRow
    script: int


Job = Task | EditTask
