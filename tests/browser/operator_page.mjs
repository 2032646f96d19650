// What an operator sees and does. Each check prints a line; the last one decides the exit code.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { server, operators, folder, chromium: executablePath, screenshots, secret } = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ROW = "#refusal-rows tr";
mkdirSync(screenshots, { recursive: true });

let failed = 0;
async function check(what, test) {
  try {
    await test();
    console.log(`✓ ${what}`);
  } catch (error) {
    failed += 1;
    console.log(`✗ ${what}\n    ${String(error.message ?? error).split("\n").join("\n    ")}`);
  }
}

// --- Requests that the page tells of.

async function ask(form, credentials) {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  if (credentials) headers.authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  const answer = await fetch(`${server}/token`, { method: "POST", headers, body: `grant_type=client_credentials${form}` });
  await answer.arrayBuffer();
  return answer.status;
}
// The two form fields; the JWT alone.
const signed = (client) => execFileSync("countersign-demo/assert", [client], { cwd: folder, encoding: "utf8" }).trim();
const jwt_of = (fields) => new URLSearchParams(fields).get("client_assertion");

// --- A browser that notes whatever a page should not do.

const profile = mkdtempSync(join(tmpdir(), "countersign-chromium-"));
const wrongs = [];
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  // The first start on a busy machine.
  timeout: 180_000,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
  viewport: { width: 1360, height: 900 },
  permissions: ["clipboard-read", "clipboard-write"],
});
await context.addInitScript(() => {
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
});
function watched(page) {
  // A busy machine draws slowly; what does not come at all is seen by then too.
  page.setDefaultTimeout(120_000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrongs.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { wrongs.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const elsewhere = !request.url().startsWith(`${operators}/`) && !request.url().startsWith("data:");
    if (elsewhere) wrongs.push(`request to ${request.url()}`);
  });
  return page;
}
const page = watched(await context.newPage());
const row = (text) => page.locator(ROW).filter({ hasText: text });
const text_of = async (locator) => (await locator.innerText()).replace(/\s+/g, " ").trim();
async function explain(text) {
  await page.fill("#assertion", text);
  await page.click("#ask button");
}
async function colours(scheme) {
  await page.emulateMedia({ colorScheme: scheme });
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}
async function picture(name, width) {
  const before = page.viewportSize();
  // As much as shows every kind of section, and not each of hundreds of rows.
  await page.setViewportSize({ width, height: 2000 });
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
  await page.setViewportSize(before);
}
// axe is no part of the page, which lets no foreign script run: it comes by the debugger.
async function accessible(what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => `${what}: ${id} (${impact}): ${node.target} ${node.failureSummary}`));
  assert.deepEqual(told, []);
}

try {
  // --- What stands there.
  const response = await page.goto(`${operators}/`);
  const headers = response.headers();
  await check("the page's policy lets run what is in it and nothing else", () => {
    const policy = headers["content-security-policy"];
    for (const part of ["default-src 'none'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
      assert.ok(policy.includes(part), `${part} in ${policy}`);
    }
    assert.match(policy, /script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
    assert.doesNotMatch(policy, /unsafe|\*|http/);
    assert.deepEqual(
      [headers["x-content-type-options"], headers["referrer-policy"], headers["cache-control"]],
      ["nosniff", "no-referrer", "no-store"],
    );
  });
  await check("a script that is put into the page does not run", async () => {
    const before = wrongs.length;
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      // Two walls: a text becomes no code, and code that is not the page's own does not run.
      try { script.textContent = "globalThis.injected = true"; } catch {}
      document.body.append(script);
      const handler = document.createElement("b");
      try { handler.setAttribute("onclick", "globalThis.injected = true"); } catch {}
      document.body.append(handler);
      handler.click();
      let text_to_html = "taken";
      try { handler["inner" + "HTML"] = "<i>x</i>"; } catch { text_to_html = "refused"; }
      script.remove();
      handler.remove();
      return [globalThis.injected, text_to_html];
    });
    assert.deepEqual(ran, [undefined, "refused"]);
    // Until all have come: one at least, and then none for a second.
    for (let waits = 0, seen = before; waits < 120 && (seen === before || seen < wrongs.length); waits += 1) {
      seen = wrongs.length;
      await page.waitForTimeout(1000);
    }
    // These were meant to be refused, and were.
    assert.ok(wrongs.splice(before).length > 0);
  });
  await check("without refusals the page says so", async () => {
    await row("None. Each refused request will stand here").waitFor();
  });

  const hostile = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\u202e";
  const used = signed("demo-es256");
  assert.deepEqual(
    [
      await ask("", "demo-basic:wrong"),
      await ask("", "demo-basic:wrong"),
      await ask(`&client_id=${encodeURIComponent(hostile)}&client_secret=x`),
      await ask(`&${used}`),
      await ask(`&${used}`),
      await ask("", `rotating:${secret}`),
      await ask("", `unpinned:${secret}`),
    ],
    [401, 401, 400, 200, 400, 200, 200],
  );

  await check("refusals appear by themselves, with reason, expected and got", async () => {
    // The page may have looked between the first and the second.
    const mismatch = row("secret_mismatch").filter({ hasText: "×2" });
    await mismatch.waitFor();
    assert.match(await text_of(mismatch), /demo-basic .*secret_mismatch ×2 one of the client's secrets another one client_secret_basic 127\.0\.0\.1/);
    assert.match(await text_of(row("replayed")), /demo-es256 .*replayed a new jti one used before private_key_jwt, ES256/);
  });
  await check("cause and cure stand behind the reason", async () => {
    const mismatch = row("secret_mismatch");
    const cure = mismatch.locator(".cure");
    assert.equal(await cure.isVisible(), false);
    await mismatch.locator("summary").click();
    assert.match(await text_of(cure), /\w+ \w+ \w+/);
    assert.match(await text_of(mismatch.locator(".cause")), /\w+ \w+ \w+/);
  });
  await check("a client_id that is HTML is shown as text", async () => {
    const cell = row("owned").locator("td").nth(1);
    assert.match(await text_of(cell), /^<script>document\.title='owned'<\/script><img src=x onerror=alert\(1\)>\\+u\{202e\}$/);
    assert.equal(await page.locator(`${ROW} script, ${ROW} img`).count(), 0);
    assert.equal(await page.title(), "Countersign · operator");
  });
  await check("an opened row stays open and keeps the focus while the page renews itself", async () => {
    const summary = row("secret_mismatch").locator("summary");
    await summary.focus();
    await page.evaluate(() => { document.activeElement.mark = "the same element"; scrollTo(0, 120); });
    assert.equal(await ask("", "nobody:wrong"), 401);
    await row("nobody").waitFor();
    const now = await page.evaluate(() => [document.activeElement.mark, document.activeElement.closest("details")?.open]);
    assert.deepEqual(now, ["the same element", true]);
    assert.ok(Math.abs((await page.evaluate(() => scrollY)) - 120) < 200);
  });

  // --- Clients.
  await check("clients stand in the order in which they break", async () => {
    await page.locator("#client-rows tr").nth(1).filter({ hasText: "used 1 ×" }).waitFor();
    const ids = await page.locator("#client-rows th code").allInnerTexts();
    assert.deepEqual(ids.slice(0, 3), ["ended", "rotating", "ends-later"]);
    const far = await text_of(page.locator("#client-rows tr").filter({ hasText: "ends-far-away" }));
    assert.match(far, /in \d{12} y/);
    const rotating = await text_of(page.locator("#client-rows tr").nth(1));
    assert.match(rotating, /in 5 d: the secret "2025", which it uses client_secret_basic used 1 ×, .* secret 2025, ends in 5 d, used .* secret 2026, unused/);
    assert.match(await text_of(page.locator("#client-rows tr").nth(0)), /3 d ago: its last secret client_secret_basic unused/);
  });
  await check("200 of the clients are shown, and how many more there are", async () => {
    assert.equal(await page.locator("#client-rows tr").count(), 200);
    assert.match(await text_of(page.locator("#clients-more")), /^and 8\d\d more$/);
  });
  await check("the filter finds what is not among them", async () => {
    await page.fill("#filter", "one-of-many-0999");
    await page.waitForFunction(() => document.querySelectorAll("#client-rows tr").length === 1);
    assert.match(await text_of(page.locator("#client-rows")), /^one-of-many-0999 client_secret_basic unused secret without a label, unused$/);
    assert.match(await text_of(page.locator("#refusal-rows")), /None that matches/);
    await page.fill("#filter", "unpinned");
    await page.getByText("could be pinned to client_secret_basic").waitFor();
    await page.fill("#filter", "");
    await row("secret_mismatch").waitFor();
  });

  // --- The explain box.
  await check("a good assertion passes every check, and can still be used", async () => {
    const fields = signed("demo-es256");
    await explain(jwt_of(fields));
    await page.locator(".verdict", { hasText: "✓ accepted: demo-es256 by private_key_jwt, ES256, kid demo-es256" }).waitFor();
    const checks = await page.locator("#checks li").allInnerTexts();
    assert.ok(checks.length > 20 && checks.some((check) => check.includes("signature")), checks.join("\n"));
    assert.equal(checks.filter((check) => check.startsWith("✗")).length, 0, checks.join("\n"));
    await explain(fields);
    await page.locator(".verdict", { hasText: "✓ accepted" }).waitFor();
    assert.equal(await ask(`&${fields}`), 200);
    assert.equal(await ask(`&${fields}`), 400);
    await explain(fields);
    await page.getByText("would be refused as replayed").waitFor();
  });
  await check("a broken signature is shown with what was checked before it, why, and what to do", async () => {
    const [header, claims] = jwt_of(signed("demo-es256")).split(".");
    const [, , other] = jwt_of(signed("demo-es256")).split(".");
    await explain(`${header}.${claims}.${other}`);
    await page.locator(".verdict", { hasText: "✗ refused: signature_invalid; the caller gets 400 invalid_client" }).waitFor();
    const checks = await page.locator("#checks li").allInnerTexts();
    const marks = checks.map((check) => check.trim()[0]);
    const at = marks.indexOf("✗");
    assert.match(checks[at], /signature/);
    assert.ok(at > 15 && marks.slice(0, at).every((mark) => mark === "✓") && marks.slice(at + 1).every((mark) => mark === "·"), checks.join("\n"));
    assert.match(await text_of(page.locator("#why")), /cause .+ cure .+/);
  });
  await check("an assertion that has expired can be judged as of when it was issued", async () => {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: "demo-rs256", sub: "demo-rs256", aud: server, jti: "1", iat: 1_700_000_000, exp: 1_700_000_060 };
    const old = `${part({ alg: "RS256", kid: "demo-rs256" })}.${part(claims)}.AAAA`;
    await explain(old);
    await page.locator(".verdict", { hasText: "refused: expired" }).waitFor();
    await page.check("#when-issued");
    await explain(old);
    // The next thing that is wrong with it.
    await page.locator(".verdict", { hasText: /refused: (before_restart_fence|signature_invalid)/ }).waitFor();
    await page.uncheck("#when-issued");
  });
  await check("what has a secret in it, or no assertion, is not explained", async () => {
    const before = wrongs.length;
    for (const text of ["grant_type=client_credentials&client_id=demo-post&client_secret=guess", "hello", `POST /token HTTP/1.1\nAuthorization: Basic YTpi\n\nclient_assertion=a`]) {
      await explain(text);
      await page.locator(".verdict", { hasText: /no client assertion|nothing to explain/ }).waitFor();
      assert.equal(await page.locator("#checks li").count(), 0);
      await page.evaluate(() => document.getElementById("verdict").remove());
    }
    // The browser itself says of each that its status was 400.
    assert.deepEqual(wrongs.splice(before).map((wrong) => wrong.includes("status of 400")), [true, true, true]);
  });
  await check("nothing that was explained is among the events", async () => {
    const events = await (await fetch(`${operators}/events`)).json();
    assert.equal(events.filter((event) => event.reason === "signature_invalid" || event.reason === "expired").length, 0);
  });

  // --- Who is answered.
  await check("another site's page and another name are kept out", async () => {
    const status = async (path, options) => (await fetch(operators + path, options)).status;
    assert.equal(await status("/overview", { headers: { origin: "http://evil.example" } }), 403);
    assert.equal(await status("/explain", { method: "POST", body: "{}", headers: { "content-type": "text/plain" } }), 415);
    assert.equal(await status("/explain", { method: "POST", body: "x".repeat(70_000), headers: { "content-type": "application/json" } }), 413);
    assert.equal(await status("/explain", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }), 400);
    assert.equal(await status("/overview", { method: "DELETE" }), 405);
    const rebound = execFileSync("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: rebound.example", `${operators}/`], { encoding: "utf8" });
    assert.equal(rebound, "421");
  });

  // --- Looks.
  const fields = signed("demo-rs256");
  await explain(jwt_of(fields));
  await page.locator(".verdict", { hasText: "✓ accepted: demo-rs256" }).waitFor();
  // A row of each kind is enough for axe, which takes long over hundreds.
  await page.fill("#filter", "demo-");
  await page.waitForFunction(() => document.querySelectorAll("#client-rows tr").length < 100);
  const backgrounds = [];
  for (const scheme of ["light", "dark"]) {
    await check(`a picture of it: ${scheme}`, async () => {
      backgrounds.push(await colours(scheme));
      await picture(scheme, 1360);
    });
    await check(`axe finds nothing wrong with it: ${scheme}`, () => accessible(scheme));
  }
  await check("dark and light differ", () => assert.equal(new Set(backgrounds).size, 2));
  await check("a narrow window needs no scrolling sideways", async () => {
    await colours("light");
    await page.setViewportSize({ width: 360, height: 740 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await picture("narrow", 360);
    await accessible("narrow");
    await page.setViewportSize({ width: 1360, height: 900 });
  });

  // --- The keyboard alone.
  await check("everything is reached by the keyboard, in the order of the page, and seen when it is", async () => {
    await page.goto(`${operators}/`);
    await row("secret_mismatch").waitFor();
    const focused = () => page.evaluate(() => {
      const { activeElement: node } = document;
      const style = getComputedStyle(node);
      const shown = node.getBoundingClientRect();
      return { name: node.id || node.textContent.trim().slice(0, 30), outline: style.outlineStyle !== "none", visible: shown.width > 1 && shown.right > 0 };
    });
    const order = [];
    for (let steps = 0; steps < 30 && order.at(-1) !== "when-issued"; steps += 1) {
      await page.keyboard.press("Tab");
      const { name, outline, visible } = await focused();
      assert.ok(outline && visible, `${name} is focused and not seen`);
      order.push(name);
    }
    assert.deepEqual(order.slice(0, 9), ["Skip to the content", "filter", "pause", "Refusals", "Explain", "Clients", "Key sets", "Server", "Try it"]);
    assert.deepEqual(order.slice(-3), ["assertion", "endpoint", "when-issued"]);
    assert.equal(order.filter((name) => name.includes("secret_mismatch")).length, 1);
  });
  await check("an assertion is explained without a mouse", async () => {
    await page.focus("#assertion");
    await page.keyboard.insertText("eyJhbGciOiJub25lIn0.e30.");
    for (const _ of ["endpoint", "when-issued", "button"]) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator(".verdict", { hasText: "refused: alg_not_allowed" }).waitFor();
    assert.match(await text_of(page.locator("#why")), /expected RS256 .* got none/);
  });
  await check("a reason opens by Enter, and the skip link leads to the content", async () => {
    await row("secret_mismatch").locator("summary").focus();
    await page.keyboard.press("Enter");
    assert.ok(await row("secret_mismatch").locator(".cure").isVisible());
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  });
  await check("it can be paused", async () => {
    await page.focus("#pause");
    await page.keyboard.press("Enter");
    assert.equal(await page.getAttribute("#pause", "aria-pressed"), "true");
    assert.equal(await ask("", "while-paused:wrong"), 401);
    await page.waitForTimeout(6000);
    assert.equal(await row("while-paused").count(), 0);
    await page.keyboard.press("Enter");
    await row("while-paused").waitFor();
  });
  await check("a line of the demonstration is copied", async () => {
    await page.locator("#lines li").filter({ hasText: "client_secret_basic" }).locator("button").click();
    await page.locator("#copied", { hasText: "Copied the line for client_secret_basic" }).waitFor();
    const line = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(line, /^curl -u demo-basic:.+\/token$/);
    assert.match(execFileSync("sh", ["-c", `${line} -s`], { encoding: "utf8" }), /access_token/);
  });

  await check("no error, no violation of the policy, no request to elsewhere", () => assert.deepEqual(wrongs, []));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = failed === 0 ? 0 : 1;
