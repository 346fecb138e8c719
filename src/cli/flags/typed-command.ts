/** The command as it was typed, so that it can be typed again: what a shell would take apart is quoted. */
export function typedCommand(args: readonly string[] = process.argv.slice(2)): string {
  return ['ipu-pipeline', ...args.map(quoted)].join(' ');
}

function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}
