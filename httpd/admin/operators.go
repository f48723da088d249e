package admin

import (
	"context"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// inviteFor is how long an operator's one-time link is good.
const inviteFor = 30 * time.Minute

type operatorRow struct {
	ID       string      `json:"operator_id"`
	Email    string      `json:"email"`
	Name     string      `json:"name"`
	Role     engine.Role `json:"role"`
	Disabled bool        `json:"disabled"`
	Created  time.Time   `json:"created"`
	Seen     time.Time   `json:"last_login,omitzero"`
}

func (a *Admin) listOperators(ctx context.Context, _ *wire.Call, _ wire.None) (list[operatorRow], error) {
	all, err := a.Engine.Operators(ctx)
	out := make([]operatorRow, len(all))
	for i := range all {
		out[i] = rowOf(&all[i])
	}
	return list[operatorRow]{Data: out}, err
}

func rowOf(o *engine.Operator) operatorRow {
	return operatorRow{o.ID, o.Email, o.Name, o.Role, o.Disabled, o.Created, o.Seen}
}

type newInvitation struct {
	Email string `json:"email"`
	Role  string `json:"role"` // absent: owner
}

// madeInvitation shows the link, this once.
type madeInvitation struct {
	Email   string    `json:"email"`
	Link    string    `json:"setup_url"`
	Expires time.Time `json:"expires"`
}

// inviteOperator makes a one-time link, also for who has lost a password.
func (a *Admin) inviteOperator(ctx context.Context, _ *wire.Call, req newInvitation) (madeInvitation, error) {
	if req.Email == "" {
		return madeInvitation{}, absent("email")
	}
	if req.Role == "" {
		req.Role = string(engine.RoleOwner)
	}
	token, err := a.Engine.Invite(ctx, engine.Caller{Actor: "operator"}, req.Email, engine.Role(req.Role), inviteFor)
	if err != nil {
		return madeInvitation{}, err
	}
	return madeInvitation{req.Email, a.PublicURL + "/setup/" + token, a.Now().Add(inviteFor).UTC()}, nil
}
