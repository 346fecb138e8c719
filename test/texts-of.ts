/** The texts of warnings. */
export function textsOf(warnings: readonly { readonly text: string }[]): string[] {
  return warnings.map(({ text }) => text);
}
