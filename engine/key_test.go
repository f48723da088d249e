package engine_test

import (
	"testing"

	"penstock/engine"
	"penstock/engine/sim"
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
