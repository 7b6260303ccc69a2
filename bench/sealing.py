"""Benchmark of signal encryption: the time it adds to call setup for one side, in Debian's Chromium.

    .venv/bin/python bench/sealing.py [--runs 200]

It derives the keys from the link's secret, encrypts and decrypts a card, encrypts an offer of 6,000 characters,
decrypts an answer, and handles ten candidates of 200 characters each way.  Prints the median of the runs, and the
slowest.
"""

import argparse
import subprocess
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

WEB = Path(__file__).parent.parent / "web"
BUNDLE = """
import { build } from 'vite';
const made = await build({ logLevel: 'error', configFile: false, build: { write: false, minify: false,
  lib: { entry: './sdk/src/signalling/signal-encryption.ts', formats: ['es'] } } });
process.stdout.write([made].flat()[0].output[0].code);
"""
CALL = """async ([code, runs]) => {
  const { Seal, newSecret } = await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  const secret = newSecret();
  const other = await Seal.of(secret, 'tea');
  const card = await other.sealCard({ nonce: other.nonce, name: 'Bob' });
  const bob = { id: 'bob-0001', nonce: other.nonce };
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const before = await Seal.of(secret, 'tea');
    const alice = { id: 'alice-01', nonce: before.nonce };
    const answers = [];
    for (let count = 1; count <= 11; count += 1)
      answers.push(await other.sealSignal('x'.repeat(count === 1 ? 6000 : 200), bob, alice, count));
    const start = performance.now();
    const seal = await Seal.of(secret, 'tea');
    await seal.sealCard({ nonce: seal.nonce, name: 'Alice' });
    await seal.openCard(card);
    for (let count = 1; count <= 11; count += 1)
      await seal.sealSignal('x'.repeat(count === 1 ? 6000 : 200), alice, bob, count);
    for (const [index, answer] of answers.entries())
      if ((await seal.openSignal(answer, bob, alice, index)) === null) throw new Error('it did not open');
    times.push(performance.now() - start);
  }
  return times;
}"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    args = parser.parse_args()
    node = subprocess.run(
        ["node", "--input-type=module", "--eval", BUNDLE], cwd=WEB, check=True, capture_output=True, text=True
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
        page.goto("http://localhost/")  # WebCrypto needs a secure context
        times: list[float] = page.evaluate(CALL, [node.stdout, args.runs])
        browser.close()
    print(f"sealing in the set-up of a call: {median(times):.2f} ms (slowest of {len(times)}: {max(times):.2f} ms)")


if __name__ == "__main__":
    main()
