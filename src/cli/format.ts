// Numbers as people read them: the same on the screen as in reports.

export { alternatives, bytes, clock, count, counted, duration, magnitude, percent } from '../format.ts';
