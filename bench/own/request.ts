/** What a timed program of ours is asked, as its one argument of JSON. */
import { type PlaceRequest, placeOptions } from "../place.js";

export interface Common extends PlaceRequest {
  readonly dir?: string | undefined;
}

export type Request<More = unknown> = Common & More;

export const requested = <More>(): Request<More> => JSON.parse(process.argv[2] as string);

export { placeOptions };
