// Comfort on top of pages that work without it.
import { zone } from "./time.js";
import { copies, reveals, once, drops, keys } from "./hands.js";

zone(document);
copies(document);
reveals(document);
once(document);
drops(document);
keys(document);
