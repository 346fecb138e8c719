/** Columns of the terminal that stdout is, or that `COLUMNS` says; without bound for a file or a pipe. */
export function terminalWidth(): number {
  const { isTTY, columns } = process.stdout;
  const told = Number(process.env['COLUMNS']);
  return isTTY ? columns : told > 0 ? told : Infinity;
}
