package fx

import "io"

// ParseECB reads the reference rates as the European Central Bank publishes
// them, for one day (eurofxref-daily.xml) or several (eurofxref-hist-90d.xml,
// eurofxref-hist.xml), of which it takes the newest. At is midnight UTC of
// that day; each pair is EUR/X, ask and bid alike. Codes that aren't
// currencies of ours are left out and named in Skipped. All else that isn't
// exactly that format, or exceeds its bounds, is ErrECB.
func ParseECB(r io.Reader) (Sheet, error) { return Sheet{}, errSoon }
