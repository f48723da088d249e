package admin

import (
	"context"
	"strconv"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

type act struct {
	Seq      uint64      `json:"seq"`
	At       time.Time   `json:"at"`
	Actor    string      `json:"actor"`
	Merchant string      `json:"merchant_id,omitzero"`
	Mode     engine.Mode `json:"mode,omitzero"`
	Action   string      `json:"action"`
	Object   string      `json:"object,omitzero"`
	Note     string      `json:"note,omitzero"`
}

func (a *Admin) listActs(ctx context.Context, c *wire.Call, _ wire.None) (list[act], error) {
	limit, err := limitOf(c, 50)
	if err != nil {
		return list[act]{}, err
	}
	var before uint64
	if text := c.Query("before"); text != "" {
		if before, err = strconv.ParseUint(text, 10, 64); err != nil || before == 0 {
			return list[act]{}, wrong("before", "wants the number of a line")
		}
	}
	all, err := a.Engine.Acts(ctx, before, limit)
	out := make([]act, len(all))
	for i, l := range all {
		out[i] = act{l.Seq, l.At, l.Actor, l.Merchant, l.Mode, l.Action, l.Object, l.Note}
	}
	return list[act]{out, len(out) == limit}, err
}

// verified is the end of a walk over the audit log's chain.
type verified struct {
	Lines   uint64 `json:"lines"` // that follow from each other, from the first on
	Sound   bool   `json:"sound"`
	Finding string `json:"finding,omitzero"`
}

func (a *Admin) verifyAudit(ctx context.Context, _ *wire.Call, _ wire.None) (verified, error) {
	n, err := a.Engine.VerifyAudit(ctx)
	if ctx.Err() != nil {
		return verified{}, ctx.Err()
	}
	if err != nil {
		return verified{n, false, err.Error()}, nil
	}
	return verified{Lines: n, Sound: true}, nil
}
