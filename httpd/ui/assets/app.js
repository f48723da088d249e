// Comfort on top of pages that work without it.
import { zone } from "./time.js";
import { passkeys } from "./passkey.js";
import { live } from "./live.js";
import { copies, reveals, once, drops, keys } from "./hands.js";

live(document, (root) => { zone(root); copies(root); once(root); }); // first: it keeps the page as the server wrote it
zone(document);
copies(document);
passkeys(document);
reveals(document);
once(document);
drops(document);
keys(document);
if (document.querySelector("[data-grow]")) import("./grow.js").then((m) => m.grows(document)); // one page has it
