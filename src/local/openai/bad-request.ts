/** A request the vendor answers with 400; `param` is the field at fault. */
export class BadRequest extends Error {
  readonly param: string | null;
  readonly code: string | null;

  constructor(message: string, param: string | null, code: string | null = null) {
    super(message);
    this.param = param;
    this.code = code;
  }
}
