package client

import (
	"context"
	"time"
)

// Operator is a person who works in the dashboard.
type Operator struct {
	ID       string    `json:"operator_id"`
	Email    string    `json:"email"`
	Name     string    `json:"name"`
	Role     string    `json:"role"`
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
	Seen     time.Time `json:"last_login,omitzero"`
}

// Operators lists all of them.
func (c *Client) Operators(ctx context.Context) (Page[Operator], error) {
	return get[Page[Operator]](ctx, c, "/operators", nil)
}

// Invitation is a one-time link into the dashboard, shown this once.
type Invitation struct {
	Email   string    `json:"email"`
	Link    string    `json:"setup_url"`
	Expires time.Time `json:"expires"`
}

// InviteOperator makes a link for somebody new, or for somebody known who
// chooses a new password by it. An empty role is the owner's.
func (c *Client) InviteOperator(ctx context.Context, email, role string) (Invitation, error) {
	return post[Invitation](ctx, c, "/operators/invite", nil, map[string]string{"email": email, "role": role})
}
