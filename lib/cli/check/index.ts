export { check, type CheckResult } from './check.js';
export { checkText, mistakesText } from './text.js';
export { exitCodeOf } from './verdict.js';
