package admin

import (
	"context"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// onServer is whoever is on the socket, who may do everything.
var onServer = engine.Caller{Actor: "operator"}

// roleRow is what a role allows.
type roleRow struct {
	Name    engine.Role     `json:"name"`
	About   string          `json:"about,omitzero"`
	Permits []engine.Permit `json:"permits"`
	Custom  bool            `json:"custom"`
	Changed time.Time       `json:"changed,omitzero"` // of a custom one
}

func customRow(r *engine.CustomRole) roleRow {
	return roleRow{r.Name, r.About, append([]engine.Permit{}, r.Permits...), true, r.Changed}
}

// listRoles are those that there always are, then those that owners have made.
func (a *Admin) listRoles(ctx context.Context, _ *wire.Call, _ wire.None) (list[roleRow], error) {
	out := list[roleRow]{}
	for _, r := range engine.Roles() {
		out.Data = append(out.Data, roleRow{Name: r, Permits: append([]engine.Permit{}, r.Permits()...)})
	}
	custom, err := a.Engine.CustomRoles(ctx)
	for i := range custom {
		out.Data = append(out.Data, customRow(&custom[i]))
	}
	return out, err
}

type newRole struct {
	Name    string          `json:"name"`
	About   string          `json:"about"`
	Permits []engine.Permit `json:"permits"`
}

// saveRole makes a custom role, or changes what one of that name allows.
func (a *Admin) saveRole(ctx context.Context, _ *wire.Call, req newRole) (roleRow, error) {
	if req.Name == "" {
		return roleRow{}, absent("name")
	}
	r, err := a.Engine.SaveRole(ctx, onServer, engine.CustomRole{Name: engine.Role(req.Name), About: req.About, Permits: req.Permits})
	if err != nil {
		return roleRow{}, err
	}
	return customRow(r), nil
}

func (a *Admin) deleteRole(ctx context.Context, c *wire.Call, _ wire.None) (struct{}, error) {
	return struct{}{}, a.Engine.DeleteRole(ctx, onServer, engine.Role(c.Param("name")))
}

type operatorChange struct {
	Role     string `json:"role"`     // absent: as it is
	Disabled *bool  `json:"disabled"` // absent: as it is
}

// changeOperator gives a role, or ends or restores the right to come in. The
// operator is named by id or e-mail.
func (a *Admin) changeOperator(ctx context.Context, c *wire.Call, req operatorChange) (operatorRow, error) {
	o, err := a.operatorNamed(ctx, c.Param("id"))
	if err != nil {
		return operatorRow{}, err
	}
	role, disabled := o.Role, o.Disabled
	if req.Role != "" {
		role = engine.Role(req.Role)
	}
	if req.Disabled != nil {
		disabled = *req.Disabled
	}
	if o, err = a.Engine.ChangeOperator(ctx, onServer, o.ID, role, disabled); err != nil {
		return operatorRow{}, err
	}
	return rowOf(o), nil
}

// sessionRow is a stay in the dashboard. Its id opens nothing.
type sessionRow struct {
	ID       string    `json:"session_id"`
	Operator string    `json:"operator_id"`
	From     string    `json:"from,omitzero"`
	Agent    string    `json:"user_agent,omitzero"`
	Created  time.Time `json:"created"`
	Seen     time.Time `json:"last_used"`
}

// listSessions are those that go on, the latest seen first.
func (a *Admin) listSessions(ctx context.Context, c *wire.Call, _ wire.None) (list[sessionRow], error) {
	operator := ""
	if name := c.Query("operator"); name != "" {
		o, err := a.operatorNamed(ctx, name)
		if err != nil {
			return list[sessionRow]{}, err
		}
		operator = o.ID
	}
	all, err := a.Engine.Sessions(ctx, operator)
	out := list[sessionRow]{Data: make([]sessionRow, len(all))}
	for i, s := range all {
		out.Data[i] = sessionRow{s.ID, s.Operator, s.From, s.Agent, s.Created, s.Seen}
	}
	return out, err
}

func (a *Admin) endSession(ctx context.Context, c *wire.Call, _ wire.None) (struct{}, error) {
	return struct{}{}, a.Engine.EndSession(ctx, onServer, c.Param("id"))
}

// operatorNamed finds somebody by id or e-mail.
func (a *Admin) operatorNamed(ctx context.Context, name string) (*engine.Operator, error) {
	all, err := a.Engine.Operators(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID == name {
			return &all[i], nil
		}
	}
	return a.Engine.OperatorByEmail(ctx, name)
}
