export { app as default } from './http.ts';
export { Seats } from './seats.ts';
export { Session } from './session.ts';
