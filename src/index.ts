export { app as default } from './http.ts';
export { Session } from './session.ts';
