/** What a timed program of ours is asked, as its one argument of JSON. */

export interface Common {
  readonly dir?: string | undefined;
  readonly threads?: number | undefined;
}

export type Request<More = unknown> = Common & More;

export const requested = <More>(): Request<More> => JSON.parse(process.argv[2] as string);

/** The option for studies: absent means all processors. */
export const threadsOption = ({ threads }: Common) => (threads === undefined ? {} : { threads });
