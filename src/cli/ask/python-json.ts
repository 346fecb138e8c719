import { repr } from '../../../ipu-config/python-repr.js';
import { PythonFloat } from '../../../ipu-config/python-value.js';

/** A flat object of numbers as Python's `json.dumps` prints it; all but counts (`…total`) are floats there. */
export function pythonJson(values: object, indented: boolean): string {
  const entries = Object.entries(values as Record<string, number>).map(([name, value]) => {
    const isCount = name.endsWith('total');
    return `${JSON.stringify(name)}: ${repr(isCount ? value : new PythonFloat(value))}`;
  });
  return indented ? `{\n  ${entries.join(',\n  ')}\n}` : `{${entries.join(', ')}}`;
}
