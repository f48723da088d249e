package dash

import (
	"context"
	"fmt"
	"strings"
	"time"

	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// showSystem is how the appliance itself is, for every merchant.
func (d *Dash) showSystem(ctx context.Context, v *visit) (wire.Reply, error) {
	s := d.State()
	next, some, err := d.Engine.NextDue(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	due := ui.Fact{Name: "Next work due", Text: "Nothing waits"}
	if some {
		due = ui.Fact{Name: "Next work due", At: next}
	}
	stats := d.Engine.Stats()
	n := func(v int64) string { return grouped(fmt.Sprint(v)) }
	wary := strings.Join(d.Engine.Wary(), ", ")
	service := ui.Block{Title: "Service", Facts: append(d.health(), ui.Fact{Name: "Started", At: s.Started}, ui.Fact{Name: "Address", Text: d.PublicURL, Mono: true},
		ui.Fact{Name: "Stands still after", Text: short(s.Stalled)}, ui.Fact{Name: "New payouts wait for a person", Text: or(wary, "No")})}
	work := ui.Block{Title: "Jobs since the start", Facts: []ui.Fact{due, {Name: "Rounds of the worker", Text: n(stats.Bells.Load())}, {Name: "Calls that could move money", Text: n(stats.Sends.Load())}, {Name: "Look-ups at providers", Text: n(stats.Lookups.Load())}, {Name: "Webhook attempts", Text: n(stats.Attempts.Load())},
		{Name: "Words that contradicted an end", Badge: countBadge(stats.Conflicts.Load(), ui.Warn)}, {Name: "Pieces of work that panicked", Badge: countBadge(stats.Panics.Load(), ui.Bad)}, {Name: "Put off by an error", Badge: countBadge(stats.Errors.Load(), ui.Warn)}}}
	store := ui.Block{Title: "Store", Facts: []ui.Fact{{Name: "File", Text: size(s.FileBytes)}, {Name: "Free inside of it", Text: size(s.FreeBytes)}, {Name: "Commits since the start", Text: n(int64(s.Commits))}, {Name: "Disk", Badge: pick(s.LowSpace, &ui.Badge{Text: "Nearly full", Tone: ui.Bad}, &ui.Badge{Text: "Has room", Tone: ui.Good})},
		{Name: "Values read by the scrub", Text: n(stats.Scrubbed.Load())}, {Name: "Passes over the whole store", Text: n(stats.Scrubs.Load())}, {Name: "Values that were damaged", Badge: countBadge(stats.Corrupt.Load(), ui.Bad)}}}
	locker := ui.Block{Title: "Locker", Facts: []ui.Fact{{Name: "State", Badge: pick(s.Sealed, &ui.Badge{Text: "Sealed", Tone: ui.Warn}, &ui.Badge{Text: "Open", Tone: ui.Good})}, {Name: "Term of its keys", Text: fmt.Sprint(s.Term)}, {Name: "Rotation under way", Text: yesNo(s.Rotating), Hint: pick(s.Rotating, "penstock rekey ends one that was cut short", "")}}}
	if s.Needed > 0 {
		locker.Facts = append(locker.Facts, ui.Fact{Name: "Custodians' shares", Text: fmt.Sprintf("%d of %d given", s.Given, s.Needed)})
	}
	page := ui.Stack{List: []ui.Block{service, backupBlock(&s, d.Now()), work, store, locker}}
	return d.show(ctx, v, 200, "stack", ui.Head{Title: "System", Lead: "The appliance itself, whichever merchant is looked at"}, page)
}

func countBadge(n int64, tone ui.Tone) *ui.Badge {
	if n == 0 {
		return &ui.Badge{Text: "None", Tone: ui.Good}
	}
	return &ui.Badge{Text: grouped(fmt.Sprint(n)), Tone: tone}
}

// oldBackup is when a backup deserves a word: a day, and the time that one takes.
const oldBackup = 26 * time.Hour

func backupBlock(s *State, now time.Time) ui.Block {
	b := s.Backup
	state := &ui.Badge{Text: "None is known", Tone: ui.Warn}
	switch {
	case b.Problem != "":
		state = &ui.Badge{Text: "The last try failed", Tone: ui.Bad}
	case b.Last.IsZero():
	case now.Sub(b.Last) > oldBackup:
		state = &ui.Badge{Text: "Old", Tone: ui.Warn}
	default:
		state = &ui.Badge{Text: "Fresh", Tone: ui.Good}
	}
	out := ui.Block{Title: "Backups", Facts: []ui.Fact{{Name: "State", Badge: state, Hint: sentence(b.Problem)}, {Name: "Last one", At: b.Last}, {Name: "Schedule (UTC)", Text: or(b.Schedule, "None: a timer of the system's runs penstock backup"), Mono: b.Schedule != ""}, {Name: "Next one", At: b.Next}, {Name: "Goes to", Text: or(b.Target, "Where penstock backup is told to")}}}
	if b.Keep > 0 {
		out.Facts = append(out.Facts, ui.Fact{Name: "Kept", Text: count(b.Keep, "backup")})
	}
	return out
}

// size is a number of bytes for people.
func size(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	i, tenths := 0, n*10
	for tenths >= 10240 && i < len(units)-1 {
		tenths, i = tenths/1024, i+1
	}
	if i == 0 {
		return grouped(fmt.Sprint(n)) + " bytes"
	}
	return fmt.Sprintf("%d.%d %s", tenths/10, tenths%10, units[i])
}
