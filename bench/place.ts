/** Where a benchmark runs: always said, or "auto" would take a GPU where there is one. */

export interface PlaceRequest {
  /** Default "cpu". */
  readonly device?: "cpu" | "cuda" | undefined;
  /** In what a GPU multiplies float32 numbers. Default "float32". */
  readonly precision?: "float32" | "tf32" | undefined;
  /** Of the CPU; absent means all processors. */
  readonly threads?: number | undefined;
}

/** The options for studies and devices. */
export function placeOptions({ device = "cpu", precision, threads }: PlaceRequest) {
  return {
    device,
    ...(precision === undefined ? {} : { precision }),
    ...(threads === undefined ? {} : { threads }),
  };
}
