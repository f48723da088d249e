// zone rewrites each <time> into the reader's own zone, which it names; the
// title keeps the time in UTC.
export function zone(root) {
	const form = new Intl.DateTimeFormat("en-GB", {
		day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short",
	});
	for (const el of root.querySelectorAll("time[datetime]")) {
		const at = new Date(el.dateTime);
		if (Number.isNaN(at.getTime())) continue;
		el.title = el.textContent;
		el.textContent = form.format(at);
	}
}
