/** Reports each step in a line: what is done, why, and how long it took. */

/**
 * @param {string} title
 * @param {string | undefined} reason why there is something to do; undefined when there is nothing
 * @param {() => string | void} work does it, and may say how
 */
export function step(title, reason, work) {
  if (reason === undefined) {
    console.log(`  ${title}: up to date`);
    return;
  }
  process.stdout.write(`  ${title}: needed, because ${reason} … `);
  const start = performance.now();
  try {
    const how = work();
    console.log(`${how ?? "done"} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.log("failed");
    throw error;
  }
}
