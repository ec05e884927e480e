"""Rows of ops on two tensors, which half of all rows are, on the shortest way: what they need is looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teletensor_core.engine import Value
from teletensor_core.engine.engine import record_pair
from teletensor_core.engine.values import fresh
from teletensor_protos import codec

from teletensor_server.rows import Rows

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine


def run_pairs(machine: SessionMachine, rows: Rows) -> None:
    """Run rows from `rows.at` on, for as long as they are pairs that have run before, or releases.

    Ends before a row that is anything else, or that fails: nothing of it was done, and whoever runs it tells why.
    """
    words, at, end = rows.words, rows.at, len(rows.words) - 4
    table, engine, defined = machine.table, machine.engine, machine.signatures.by_number
    values, most = table.values, table.max_tensors
    while at < end:
        signature = defined.get(words[at])
        if signature is None:
            if words[at] != codec.RELEASE or not 0 <= words[at + 1] <= len(words) - at - 2:
                return
            for handle in words[at + 2 : at + 2 + words[at + 1]]:
                values.pop(handle, None)
            rows.at = at = at + 2 + words[at + 1]
            continue
        pairs = signature.pairs
        if pairs is None:
            return
        _, location, handle, first, second = words[at : at + 5]
        x, y = values.get(first), values.get(second)
        if type(x) is not Value or type(y) is not Value:
            return
        pair = pairs.get((x.spec, y.spec))
        if pair is None or handle < 1 or len(values) >= most:
            return
        plan, function, size = pair
        room = table.room - size
        if room < 0:
            return
        try:
            if function is None:
                value = engine.run_pair(plan, x, y)
            else:
                value = fresh(function(x.array, y.array), plan.specs[0])
                engine.ops_run += 1
                if plan.records:
                    record_pair(plan, x, y, value)
        except Exception:
            # Nothing has changed: the row is run once more the long way, which tells what is wrong.
            return
        table.room = room
        values[handle] = value
        value.origin = table.origins.get(location) or table.origin(location)
        rows.at = at = at + 5
