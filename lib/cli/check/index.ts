export { check, type CheckResult, mistakeOf } from './check.js';
export { checkText, mistakesText } from './text.js';
export { exitCodeOf } from './verdict.js';
