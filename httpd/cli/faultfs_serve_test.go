package cli

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"penstock/httpd/client"
	"penstock/store/faulty/faultfs"
)

// anyFS lets a store lie on FUSE.
const anyFS = "PENSTOCK_STORE_ALLOW_ANY_FS=true"

// onDisk makes a place and puts its whole directory on the disk.
func onDisk(t *testing.T, d *faultfs.Disk) (made, *faultfs.Mount) {
	t.Helper()
	place := newPlace(t)
	if err := d.Load(filepath.Dir(place.Config)); err != nil {
		t.Fatal(err)
	}
	m := faultfs.Need(t, d)
	place.Config = filepath.Join(m.Path, filepath.Base(place.Config))
	return place, m
}

// cutPower serves from the disk and cuts its power at a random operation, over
// and over, under clients. In the end the server runs, and the clients are done.
func cutPower(t *testing.T, opt faultfs.Options, rounds int) *crash {
	d := faultfs.New(opt)
	place, m := onDisk(t, d)
	c := newCrash(t, place, rounds, badDay)
	c.env = append(c.env, anyFS)
	clients := c.clients()
	chance := rand.New(rand.NewPCG(opt.Seed, 5))
	for round := range rounds {
		c.serve()
		c.issue(round)
		d.CutAfter(1 + chance.IntN(250))
		soon(t, "the disk has lost its power", d.Gone())
		if code := c.server.wait(); code == ExitDone {
			t.Errorf("round %d: the server lost its disk and ended with %d\n%s", round, code, c.server.text())
		}
		if err := m.PowerOn(); err != nil {
			t.Fatal(err)
		}
	}
	close(c.tickets)
	c.serve()
	c.finish(clients)
	return c
}

// TestPowerCutLosesNothing: the server's disk loses its power again and again,
// and what was not synced with it. The server ends by itself each time, and in
// the end every payout that was acknowledged has ended, was paid once or not at
// all, and check finds nothing.
func TestPowerCutLosesNothing(t *testing.T) {
	t.Parallel()
	for _, survive := range []int{0, 50} {
		t.Run(fmt.Sprintf("%d%% of what was not synced survives", survive), func(t *testing.T) {
			t.Parallel()
			rounds := roundsOf(t)
			cutPower(t, faultfs.Options{Survive: survive, Seed: uint64(survive)}, rounds).judge(rounds)
		})
	}
}

// TestPowerCutOnALyingDiskIsSeen is the control of the test above: on a disk
// that only says it has synced, acknowledged payouts have to be missed.
func TestPowerCutOnALyingDiskIsSeen(t *testing.T) {
	t.Parallel()
	c := cutPower(t, faultfs.Options{LieAboutSync: true}, 2)
	there := map[string]client.Payout{}
	c.readAll(operatorOf(t, c.place), client.Scope{Merchant: firstMerchant, Mode: "test"}, there)
	lost := 0
	for _, id := range c.acked {
		if _, ok := there[id]; !ok {
			lost++
		}
	}
	if lost == 0 {
		t.Errorf("a disk that never synced lost none of %d acknowledged payouts: the test can't see loss", len(c.acked))
	}
	t.Logf("%d of %d acknowledged payouts are forgotten", lost, len(c.acked))
}

// TestInitSurvivesAPowerCut: whoever got the keys printed finds the place from
// which they are good.
func TestInitSurvivesAPowerCut(t *testing.T) {
	d := faultfs.New(faultfs.Options{})
	m := faultfs.Need(t, d)
	out, code := once(t, []string{anyFS}, "init", filepath.Join(m.Path, "pay"), "--listen", "127.0.0.1:0", "--json")
	if code != ExitDone {
		t.Fatalf("init: exit code %d: %s", code, out)
	}
	d.Cut()
	if err := m.PowerOn(); err != nil {
		t.Fatal(err)
	}
	if out, code := once(t, []string{anyFS}, "check", "--config", filepath.Join(m.Path, "pay", "config.toml")); code != ExitDone {
		t.Errorf("check of what the cut has left: exit code %d: %s", code, out)
	}
}
