package client

import (
	"context"
	"time"
)

// Role is what somebody in the dashboard may do.
type Role struct {
	Name    string    `json:"name"`
	About   string    `json:"about,omitzero"`
	Permits []string  `json:"permits"`
	Custom  bool      `json:"custom"`
	Changed time.Time `json:"changed,omitzero"`
}

// Roles lists those that there always are, then those that owners have made.
func (c *Client) Roles(ctx context.Context) (Page[Role], error) {
	return get[Page[Role]](ctx, c, "/roles", nil)
}

// SaveRole makes a custom role, or changes what one of that name allows.
func (c *Client) SaveRole(ctx context.Context, name, about string, permits []string) (Role, error) {
	return post[Role](ctx, c, "/roles", nil, map[string]any{"name": name, "about": about, "permits": permits})
}

// DeleteRole takes a custom role away that nobody has.
func (c *Client) DeleteRole(ctx context.Context, name string) error {
	_, err := post[struct{}](ctx, c, "/roles/"+segment(name)+"/delete", nil, nil)
	return err
}

// ChangeOperator gives somebody, named by id or e-mail, a role ("": as it is),
// or ends or restores their right to come in (nil: as it is).
func (c *Client) ChangeOperator(ctx context.Context, name, role string, disabled *bool) (Operator, error) {
	return post[Operator](ctx, c, "/operators/"+segment(name), nil, map[string]any{"role": role, "disabled": disabled})
}

// Session is a stay in the dashboard. Its id opens nothing.
type Session struct {
	ID       string    `json:"session_id"`
	Operator string    `json:"operator_id"`
	From     string    `json:"from,omitzero"`
	Agent    string    `json:"user_agent,omitzero"`
	Created  time.Time `json:"created"`
	Seen     time.Time `json:"last_used"`
}

// Sessions lists those that go on: of somebody named by id or e-mail, or all.
func (c *Client) Sessions(ctx context.Context, operator string) (Page[Session], error) {
	return get[Page[Session]](ctx, c, "/sessions", query{"operator": operator})
}

// EndSession ends one.
func (c *Client) EndSession(ctx context.Context, id string) error {
	_, err := post[struct{}](ctx, c, "/sessions/"+segment(id)+"/end", nil, nil)
	return err
}
