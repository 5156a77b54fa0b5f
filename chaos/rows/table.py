"""All rows, in the order in which they run."""

from chaos.rows import Row, files, outside, repeats, servers, soak, workers

ROWS: tuple[Row, ...] = (
    *outside.ROWS,
    *workers.ROWS,
    *servers.ROWS,
    *repeats.ROWS,
    *files.ROWS,
    *soak.ROWS,
)
