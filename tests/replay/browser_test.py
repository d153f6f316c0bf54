"""Looks at the pages of `lockstep replay --report` and `lockstep stress --report` in a browser.

    browser_test.py <lockstep> <work folder>

Headless Chromium opens each page 1280 and 420 pixels wide. A page must raise no error
and no message on its console, load nothing, not be wider than the window, have a live plot for each
picture, and show at each place the figure that `--json` printed for it. With LOCKSTEP_PICTURES set,
pictures of what was seen are left in the work folder. Exit code 77: there is no Chromium.
"""
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

# Runs in the page, behind its own scripts, and leaves what it saw as text.
PROBE = """<script>
addEventListener("load", () => {
  const at = (path) => path.split("/").slice(1).reduce(
      (value, key) => value[key.replace(/~1/g, "/").replace(/~0/g, "~")], data);
  const data = JSON.parse(document.getElementById("data").textContent);
  const wrong = [];
  const figures = [...document.querySelectorAll("[data-json]")];
  for (const figure of figures) {
    const value = at(figure.dataset.json);
    const shown = figure.textContent.replace(/,/g, "");
    const decimals = (shown.split(".")[1] || "").length;
    const equal = value === null ? shown === ""
        : typeof value === "number" ? shown !== "" && Math.abs(Number(shown) - value) <= 0.5001 / 10 ** decimals
        : shown === String(value);
    if (!equal) wrong.push(`${figure.dataset.json}: ${figure.textContent} for ${value}`);
  }
  const plots = [...document.querySelectorAll("figure.plot")];
  const painted = plots.filter((plot) => {
    const canvas = [...plot.querySelectorAll("canvas")];
    return canvas.some((one) => one.getContext("2d")
        .getImageData(0, 0, one.width, one.height).data.some((byte) => byte !== 0));
  });
  const out = document.createElement("pre");
  out.id = "probe";
  out.textContent = JSON.stringify({
    figures: figures.length, wrong,
    cramped: [...document.querySelectorAll(".card b")]
        .filter((figure) => figure.scrollWidth > figure.clientWidth).map((figure) => figure.textContent),
    plots: plots.length, painted: painted.length,
    width: document.documentElement.scrollWidth, window: innerWidth,
    loaded: performance.getEntriesByType("resource").map((entry) => entry.name)
        .filter((name) => !name.startsWith("data:")),
  });
  document.body.append(out);
});
</script>"""

WIDTHS = (1280, 420)

# Windows have a least width; frames have none.
FRAMES = """<!DOCTYPE html><html><body style="margin:0">
%s
<script>
addEventListener("load", () => {
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(
      (frame) => JSON.parse(frame.contentDocument.getElementById("probe").textContent)));
  document.body.append(out);
});
</script></body></html>"""
FRAME = '<iframe style="border:0;width:%dpx;height:900px" srcdoc="%s"></iframe>'


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    print("no Chromium: the pages are NOT looked at")
    sys.exit(77)


def run_browser(program, folder, page, width, height, *options):
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               "--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr",
               f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=4000",
               f"--window-size={width},{height}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    messages = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, messages


def look(program, folder, page, printed, faults):
    text = page.read_text()
    interactive = "Dygraph" in text.split("</style>")[1].split('"use strict"')[0]
    probed = page.with_name("probed-" + page.name)
    source = html.escape(text.replace("</body>", PROBE + "</body>"))
    probed.write_text(FRAMES % "".join(FRAME % (width, source) for width in WIDTHS))
    dom, messages = run_browser(program, folder, probed, 1400, 900, "--dump-dom")
    faults += [f"{page.name}: {message}" for message in messages]
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.S)
    if not found:
        faults.append(f"{page.name}: its scripts did not end")
        return
    for width, seen in zip(WIDTHS, json.loads(html.unescape(found[1]))):
        print(page.name, width, {key: seen[key] for key in seen if key != "wrong"})
        faults += [f"{page.name}: {wrong}" for wrong in seen["wrong"]]
        if seen["figures"] < 30:
            faults.append(f"{page.name}: only {seen['figures']} figures")
        if interactive and (seen["plots"] == 0 or seen["painted"] != seen["plots"]):
            faults.append(f"{page.name}: {seen['painted']} of {seen['plots']} plots are painted")
        if seen["window"] != width or seen["width"] > width:
            faults.append(f"{page.name} at {width}: {seen['width']} pixels wide")
        if seen["cramped"]:
            faults.append(f"{page.name} at {width}: no room for {seen['cramped']}")
        if seen["loaded"]:
            faults.append(f"{page.name} loads {seen['loaded']}")
    embedded = re.search(r'id="data">(.*?)</script>', text, re.S)[1]
    if json.loads(embedded) != printed:
        faults.append(f"{page.name}: its data are not what --json printed")


def take_pictures(program, folder, page):
    for name, width, scheme in (("1280", 1280, 1), ("420", 420, 1), ("dark", 1280, 0)):
        run_browser(program, folder, page, width, 3200, f"--blink-settings=preferredColorScheme={scheme}",
                    f"--screenshot={folder / f'{page.stem}-{name}.png'}")


def main():
    lockstep, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    program = browser()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / "a<b> & c.log"
    subprocess.run([lockstep, "generate", "--workload", "mixed", "--seed", "1", "--blocks", "40",
                    "--block-size", "100", "--accounts", "300", "-o", log], check=True)
    commands = {"replay": ["replay", log, "--workers", "2", "--verify"]}
    if "\n  stress " in subprocess.run([lockstep, "--help"], capture_output=True, text=True,
                                       check=True).stdout:
        commands["stress"] = ["stress", "--quick", "--seconds", "2", "--block-size", "300",
                              "--workers", "1,2"]
    faults = []
    for name, command in commands.items():
        page = folder / f"{name}.html"
        printed = subprocess.run([lockstep, *command, "--report", page, "--json"],
                                 capture_output=True, check=True).stdout
        look(program, folder, page, json.loads(printed), faults)
        if "LOCKSTEP_PICTURES" in os.environ:
            take_pictures(program, folder, page)
    for fault in faults:
        print("FAULT", fault)
    sys.exit(1 if faults else 0)


main()
