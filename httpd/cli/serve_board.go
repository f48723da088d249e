package cli

import (
	"context"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/httpd/dash"
)

// state is what the dashboard says of the appliance.
func (d *daemon) state() dash.State {
	l, figures := d.locker.Status(), d.store.Stats()
	given, needed := d.vault.quorum.Given()
	return dash.State{
		Version: readVersion().Version, Sealed: l.Sealed, LowSpace: d.store.LowSpace(), Stalled: d.stalled(), Started: d.began,
		FileBytes: figures.FileBytes, FreeBytes: figures.FreeBytes, Commits: figures.Commits, Term: l.Term, Rotating: l.Rotating, Given: given, Needed: needed,
		Backup: d.copies.state(d.cfg.Backup),
	}
}

// firstLiveKey says why the first live key of the appliance may not be made;
// later ones are not asked about, for the harm would be done.
func (d *daemon) firstLiveKey(ctx context.Context) error {
	all, err := d.engine.Keys(ctx, "")
	if err != nil || slices.ContainsFunc(all, func(k engine.Key) bool { return k.Mode == engine.Live }) {
		return err
	}
	return d.liveKeys()
}

// streamFor is how long a stream of changes lasts: it ends by itself before the
// server cuts it.
func (d *daemon) streamFor() time.Duration {
	return min(8*time.Second, max(d.cfg.Server.WriteTimeout.D()-2*time.Second, d.cfg.Server.WriteTimeout.D()/2))
}

// boardAccounts are the test provider's, for whoever makes a test payout.
func boardAccounts() (out []dash.Magic) {
	for _, m := range sandbox.MagicTable() {
		out = append(out, dash.Magic{Name: m.Name, Meaning: m.Meaning, Card: m.Card, IBAN: m.IBAN, Account: m.Account})
	}
	return out
}
