import { isDict, isInt, isList, isNumber, type PythonValue } from './python-value.js';

/** A Python type hint: how upstream prints it, and which values pass it. */
export interface TypeHint {
  readonly text: string;
  /** Numbers or lists of them; Python takes True for 1 there. */
  readonly numeric?: boolean;
  readonly accepts: (value: PythonValue) => boolean;
}

// typeguard's rules, as upstream configures it: every element of a list is checked, a bool passes as an int,
// an int passes as a float.
const isListOf = (value: PythonValue, element: (value: PythonValue) => boolean): boolean =>
  isList(value) && value.every(element);
const isIntList = (value: PythonValue): boolean => isListOf(value, isInt);
const isProportion = (value: PythonValue): boolean => isNumber(value) || isListOf(value, isNumber);

function optional({ numeric = false, accepts }: TypeHint, text: string): TypeHint {
  return { text, numeric, accepts: (value) => value === null || accepts(value) };
}

export const INT: TypeHint = { text: "<class 'int'>", numeric: true, accepts: isInt };
export const BOOL: TypeHint = { text: "<class 'bool'>", accepts: (value) => typeof value === 'boolean' };
export const STR: TypeHint = { text: "<class 'str'>", accepts: (value) => typeof value === 'string' };
export const LIST_OF_INT: TypeHint = { text: 'typing.List[int]', numeric: true, accepts: isIntList };
export const PROPORTION: TypeHint = {
  text: 'typing.Union[float, typing.List[float]]',
  numeric: true,
  accepts: isProportion,
};
const DICT: TypeHint = { text: 'typing.Dict[str, typing.Any]', accepts: isDict };

export const OPTIONAL_INT = optional(INT, 'typing.Optional[int]');
export const OPTIONAL_LIST_OF_INT = optional(LIST_OF_INT, 'typing.Optional[typing.List[int]]');
export const OPTIONAL_PROPORTION = optional(PROPORTION, 'typing.Union[float, typing.List[float], NoneType]');
export const OPTIONAL_DICT = optional(DICT, 'typing.Optional[typing.Dict[str, typing.Any]]');
export const ANY: TypeHint = { text: 'typing.Any', accepts: () => true };
