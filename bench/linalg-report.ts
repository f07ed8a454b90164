/** The section of RESULTS.md that `npm run bench -- linalg` writes. */
import type { LinalgFigure, LinalgResult, LinalgRow } from "./linalg.js";
import { loadLine, machineLine } from "./machine.js";
import { table } from "./markdown.js";

const HEADER = [
  "X",
  "LAPACK, fit, ms",
  "its routines, ms",
  "cuSOLVER, fit, ms",
  "its own time, ms",
];

const digits = (ms: number) => ms.toPrecision(3);

const cells = (figure: LinalgFigure | null) =>
  figure ? [digits(figure.fitMs), digits(figure.routinesMs)] : ["–", "–"];

const line = ({ features, rows, columns, lapack, cusolver }: LinalgRow) => [
  `${rows} × ${columns}, q = ${features}`,
  ...cells(lapack),
  ...cells(cusolver),
];

export const linalgTable = ({ rows }: LinalgResult): string => table(HEADER, rows.map(line));

export function linalgReport(result: LinalgResult): string {
  const { machine, gpu } = result;
  const about = gpu.about.replace(/\.$/, "");
  const where = gpu.usable ? `GPU: ${about}.` : `cuSOLVER has not run here: ${about}.`;
  return `## Fits by LAPACK and cuSOLVER

\`npm run bench -- linalg\`

${machineLine(machine, [loadLine(machine)])}

${where}

${linalgTable(result)}

Float64, means. X is all columns of the stacked trajectory but the last; the first is the paper's. A
fit is stacking, QR, SVD, eigenvectors, modes and amplitudes, from a trajectory on the host to
eigenvalues and amplitudes there. The routines are Xgeqrf, Dorgqr, Xgesvd (twice) and Xgeev, by CUDA events around the calls, or
LAPACK's dgeqrf, dorgqr, dgesvd, dgeev and zgelsd by the host's clock.`;
}
