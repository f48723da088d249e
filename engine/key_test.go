package engine_test

import (
	"context"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/store"
)

func TestARevokedKeyEndsAtOnceAndItsPublishableOneWithIt(t *testing.T) {
	k := newKit(t, sim.Config{})
	made, err := k.Engine.CreateKey(k.Ctx, k.me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights()})
	must(t, err)
	for secret, publishable := range map[string]bool{made.Secret: false, made.Publishable: true} {
		c, err := k.Engine.Authenticate(k.Ctx, secret)
		must(t, err)
		if c.Publishable != publishable || c.Merchant != "shop" || c.Mode != engine.Test {
			t.Errorf("the key is %+v", c)
		}
	}
	_, err = k.Engine.RevokeKey(k.Ctx, k.me, made.ID)
	must(t, err)
	for _, secret := range []string{made.Secret, made.Publishable, made.Secret[:40], ""} {
		_, err := k.Engine.Authenticate(k.Ctx, secret)
		wantCode(t, err, engine.CodeUnauthorized)
	}
}

// TestAKeyEndsWhenItExpires covers one that was used before.
func TestAKeyEndsWhenItExpires(t *testing.T) {
	k := newKit(t, sim.Config{})
	made, err := k.Engine.CreateKey(k.Ctx, k.me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights(), Expires: k.Clock.Now().Add(time.Hour)})
	must(t, err)
	for _, secret := range []string{made.Secret, made.Publishable} {
		_, err = k.Engine.Authenticate(k.Ctx, secret)
		must(t, err)
	}
	k.Clock.Advance(time.Hour)
	for _, secret := range []string{made.Secret, made.Publishable} {
		_, err = k.Engine.Authenticate(k.Ctx, secret)
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
	_, _ = d.engine.Authenticate(t.Context(), made.Publishable) // began before: either answer is right
	for _, secret := range []string{made.Secret, made.Publishable} {
		_, err = d.engine.Authenticate(t.Context(), secret)
		wantCode(t, err, engine.CodeUnauthorized)
	}
}
