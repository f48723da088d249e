// The page works without this. It groups what is typed, says early what is
// wrong, keeps a form from being sent twice, and looks whether money has moved.
"use strict";
(() => {
	const origin = document.body.dataset.origin, around = window.parent;
	const tell = (type, more) => { if (origin && around !== window) around.postMessage({ source: "payoutform", v: 1, type, paymentId: document.body.dataset.payment, ...more }, origin); };

	const data = document.getElementById("details"); // of a payout link, for scripts of who embeds it
	if (data) window.__PAYOUT_DETAILS = JSON.parse(data.textContent);

	const strip = s => s.replace(/[\s\u00a0\u200b\u202f-]/g, "");
	const mod97 = s => { let r = 0; for (const c of s) { const n = parseInt(c, 36); r = (r * (n > 9 ? 100 : 10) + n) % 97; } return r; };
	const luhn = s => [...s].reverse().reduce((t, c, i) => t + (i % 2 ? (c * 2 > 9 ? c * 2 - 9 : c * 2) : +c), 0) % 10 === 0;
	const groups = {
		iban: s => s.toUpperCase().match(/.{1,4}/g), iban_sepa: s => groups.iban(s),
		card_number: s => (/^3[47]/.test(s) ? s.match(/(.{1,4})(.{1,6})?(.{1,5})?/) : /^3(0|6|8)/.test(s) ? s.match(/(.{1,4})(.{1,6})?(.{1,4})?/) : null)?.slice(1).filter(Boolean) ?? s.match(/.{1,4}/g),
		sort_code: s => s.match(/.{1,2}/g),
	};
	const right = {
		iban: s => /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/i.test(s) && mod97((s.slice(4) + s.slice(0, 4)).toUpperCase()) === 1, iban_sepa: s => right.iban(s),
		card_number: s => /^\d{8,19}$/.test(s) && luhn(s), sort_code: s => /^\d{6}$/.test(s),
		aba_routing: s => /^\d{9}$/.test(s) && [...s].reduce((t, c, i) => t + c * [3, 7, 1][i % 3], 0) % 10 === 0,
		uk_account: s => /^\d{6,8}$/.test(s), email: s => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(s),
	};
	const spoken = document.documentElement.lang === "ar" ? "ar-u-nu-arab" : document.documentElement.lang; // digits as in the amount
	const digits = n => new Intl.NumberFormat(spoken, { useGrouping: false }).format(n);
	const named = code => { try { return new Intl.DisplayNames(spoken, { type: "region" }).of(code); } catch { return code; } };
	const show = (input, text) => {
		const p = document.getElementById(input.id.replace("f-", "e-"));
		p.textContent = text; p.hidden = !text;
		input.closest(".field").classList.toggle("bad", !!text);
		text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
	};
	// What is said of a field moves the button below it. Said while that is being
	// pressed, it would pull the button away before the press has become a click.
	let pressed = false, unsaid = [];
	const afterPress = f => { pressed ? unsaid.push(f) : f(); };
	document.addEventListener("mousedown", e => { pressed = e.target.closest("button, a") !== null; }, true);
	for (const end of ["mouseup", "dragend"]) document.addEventListener(end, () => { pressed = false; setTimeout(() => unsaid.splice(0).forEach(f => f())); }, true);
	for (const input of document.querySelectorAll("input[data-check]")) {
		const split = groups[input.dataset.check], ok = right[input.dataset.check];
		const sep = input.dataset.check === "sort_code" ? "-" : " ";
		if (split) input.addEventListener("input", e => {
			if (e.isComposing) return;
			const before = strip(input.value.slice(0, input.selectionStart)).length, raw = strip(input.value);
			const next = (split(raw) ?? []).join(sep);
			if (next === input.value) return;
			input.value = next;
			let at = 0;
			for (let n = before; n > 0 && at < next.length; at++) if (next[at] !== sep) n--;
			input.setSelectionRange(at, at);
		});
		if (ok) {
			const bad = raw => {
				const country = raw.slice(0, 2).toUpperCase(), want = input.dataset.lengths?.match(country + "(\\d+)")?.[1];
				if (!want || +want === raw.length) return input.dataset.bad;
				return input.dataset.length.replace("{country}", named(country)).replace("{want}", digits(want)).replace("{got}", digits(raw.length));
			};
			const judge = () => { const raw = strip(input.value); show(input, raw && !ok(raw) ? bad(raw) : ""); };
			input.addEventListener("change", () => afterPress(judge));
			input.addEventListener("input", () => { if (input.getAttribute("aria-invalid")) { const raw = strip(input.value); if (ok(raw)) show(input, ""); } });
		}
	}

	for (const form of document.querySelectorAll("form[data-form]")) form.addEventListener("submit", e => {
		if (form.dataset.sent) return e.preventDefault();
		form.dataset.sent = "1";
		const b = e.submitter;
		if (b?.dataset.busy) b.textContent = b.dataset.busy;
		b?.setAttribute("aria-disabled", "true");
		if (b?.value === "confirm") tell("submitted");
	});
	window.addEventListener("pageshow", e => { // back by the browser's own button
		if (e.persisted) for (const form of document.querySelectorAll("form[data-sent]")) { delete form.dataset.sent; for (const b of form.querySelectorAll("[aria-disabled]")) b.removeAttribute("aria-disabled"); }
	});

	for (const code of document.querySelectorAll(".magic code")) {
		const b = document.createElement("button");
		b.type = "button"; b.textContent = code.textContent;
		b.addEventListener("click", () => {
			const to = document.querySelector("input[data-check]:not([data-check=text])");
			to.value = b.textContent; show(to, ""); to.focus();
		});
		code.replaceChildren(b);
	}
	for (const t of document.querySelectorAll("time[data-local]")) t.textContent = new Intl.DateTimeFormat(spoken, { dateStyle: "long", timeStyle: "short" }).format(new Date(t.dateTime));

	document.getElementById("errors")?.focus();
	const done = document.querySelector("[data-status]");
	if (done) {
		let wait = 1500;
		const look = async () => {
			try {
				const r = await fetch(done.dataset.status, { cache: "no-store", credentials: "omit" });
				if (r.ok && (await r.json()).state !== done.dataset.state) return location.reload();
			} catch { /* the next look may be luckier */ }
			if ((wait *= 1.5) < 120000) setTimeout(look, wait);
		};
		setTimeout(look, wait);
	}
	if (origin) {
		document.querySelector("[data-close]")?.addEventListener("click", () => tell("close"));
		tell(document.getElementById("errors") ? "error" : "ready");
		new ResizeObserver(() => tell("resize", { height: document.documentElement.scrollHeight })).observe(document.body);
	}
})();
