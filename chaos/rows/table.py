"""All rows, in the order in which they run."""

from chaos.rows import (
    Row,
    clocks,
    corpus,
    disks,
    enrolments,
    files,
    operators,
    orders,
    outside,
    releases,
    repeats,
    restores,
    servers,
    soak,
    storms,
    workers,
)

ROWS: tuple[Row, ...] = (
    *corpus.ROWS,
    *outside.ROWS,
    *repeats.ROWS,
    *orders.ROWS,
    *workers.ROWS,
    *servers.ROWS,
    *files.ROWS,
    *storms.ROWS,
    *operators.ROWS,
    *restores.ROWS,
    *enrolments.ROWS,
    *disks.ROWS,
    *clocks.ROWS,
    *releases.ROWS,
    *soak.ROWS,
)
