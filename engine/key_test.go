package engine_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/store"
)

var home = netip.MustParseAddr("192.0.2.7")

func TestARevokedKeyEndsAtOnceAndItsPublishableOneWithIt(t *testing.T) {
	k := newKit(t, sim.Config{})
	made, err := k.Engine.CreateKey(k.Ctx, k.me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights()})
	must(t, err)
	for secret, publishable := range map[string]bool{made.Secret: false, made.Publishable: true} {
		c, err := k.Engine.Authenticate(k.Ctx, secret, home)
		must(t, err)
		if c.Publishable != publishable || c.Merchant != "shop" || c.Mode != engine.Test {
			t.Errorf("the key is %+v", c)
		}
	}
	_, err = k.Engine.RevokeKey(k.Ctx, k.me, made.ID)
	must(t, err)
	for _, secret := range []string{made.Secret, made.Publishable, made.Secret[:40], ""} {
		_, err := k.Engine.Authenticate(k.Ctx, secret, home)
		wantCode(t, err, engine.CodeUnauthorized)
	}
}

// TestAKeyEndsWhenItExpires covers one that was used before.
func TestAKeyEndsWhenItExpires(t *testing.T) {
	k := newKit(t, sim.Config{})
	made, err := k.Engine.CreateKey(k.Ctx, k.me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights(), Expires: k.Clock.Now().Add(time.Hour)})
	must(t, err)
	for _, secret := range []string{made.Secret, made.Publishable} {
		_, err = k.Engine.Authenticate(k.Ctx, secret, home)
		must(t, err)
	}
	k.Clock.Advance(time.Hour)
	for _, secret := range []string{made.Secret, made.Publishable} {
		_, err = k.Engine.Authenticate(k.Ctx, secret, home)
		wantCode(t, err, engine.CodeUnauthorized)
	}
}

// late lets somebody act between a look and what is made of it.
type late struct {
	store.Store
	act func()
}

func (l *late) View(ctx context.Context, fn func(store.Tx) error) error {
	err := l.Store.View(ctx, fn)
	if act := l.act; act != nil {
		l.act = nil
		act()
	}
	return err
}

// TestAKeyRevokedWhileItIsLookedUpIsRefused wants the look that began before
// the revocation to leave nothing behind.
func TestAKeyRevokedWhileItIsLookedUpIsRefused(t *testing.T) {
	d := newDuel(t)
	disk := &late{Store: d.at.Store}
	d.at.Store = disk
	made, err := d.engine.CreateKey(t.Context(), d.me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights()})
	must(t, err)
	disk.act = func() {
		_, err := d.engine.RevokeKey(t.Context(), d.me, made.ID)
		must(t, err)
	}
	_, _ = d.engine.Authenticate(t.Context(), made.Publishable, home) // began before: either answer is right
	for _, secret := range []string{made.Secret, made.Publishable} {
		_, err = d.engine.Authenticate(t.Context(), secret, home)
		wantCode(t, err, engine.CodeUnauthorized)
	}
}

// TestAKeyIsTakenFromItsAddressesAlone covers a list that changes, an address
// that is written as IPv6, and the publishable key, which browsers hold.
func TestAKeyIsTakenFromItsAddressesAlone(t *testing.T) {
	k := newKit(t, sim.Config{})
	list := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")}
	made, err := k.Engine.CreateKey(k.Ctx, k.me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights(), Allow: list})
	must(t, err)
	from := func(addr string) error {
		_, err := k.Engine.Authenticate(k.Ctx, made.Secret, netip.MustParseAddr(addr))
		return err
	}
	for _, addr := range []string{"192.0.2.7", "::ffff:192.0.2.255", "2001:db8::1"} {
		must(t, from(addr))
	}
	for _, addr := range []string{"192.0.3.7", "2001:db8::2", "127.0.0.1"} {
		wantCode(t, from(addr), engine.CodeForbidden)
	}
	_, err = k.Engine.Authenticate(k.Ctx, made.Publishable, netip.MustParseAddr("198.51.100.1"))
	must(t, err)
	list = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	_, err = k.Engine.UpdateKey(k.Ctx, k.me, made.ID, engine.KeyChange{Allow: &list})
	must(t, err)
	wantCode(t, from("192.0.2.7"), engine.CodeForbidden)
	must(t, from("198.51.100.1"))
}

func TestAKeyIsChangedByItsOwnMerchantAndGivesNoMoreThanItsMakerMay(t *testing.T) {
	k := newKit(t, sim.Config{})
	made, err := k.Engine.CreateKey(k.Ctx, k.me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights()})
	must(t, err)
	name := "x"
	for _, c := range []engine.Caller{
		{Scope: engine.Scope{Merchant: "other", Mode: engine.Test}, Rights: engine.Rights()},
		{Scope: engine.Scope{Merchant: "shop", Mode: engine.Live}, Rights: engine.Rights()},
	} {
		_, err := k.Engine.UpdateKey(k.Ctx, c, made.ID, engine.KeyChange{Name: &name})
		wantCode(t, err, engine.CodeNotFound)
		_, err = k.Engine.RevokeKey(k.Ctx, c, made.ID)
		wantCode(t, err, engine.CodeNotFound)
	}
	little := engine.Caller{Scope: k.me.Scope, Actor: "apik_x", Rights: []engine.Right{engine.Payouts, engine.Admin}}
	_, err = k.Engine.CreateKey(k.Ctx, little, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights()})
	wantCode(t, err, engine.CodeForbidden)
	for _, bad := range [][]netip.Prefix{{{}}, {netip.MustParsePrefix("192.0.2.7/24")}, make([]netip.Prefix, 65)} {
		_, err = k.Engine.UpdateKey(k.Ctx, k.me, made.ID, engine.KeyChange{Allow: &bad})
		wantCode(t, err, engine.CodeInvalid)
	}
}
