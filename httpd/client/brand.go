package client

import (
	"context"
	"encoding/json"
)

// Colours are three of a brand's, each as #rrggbb; empty: the page's own.
type Colours struct {
	Accent string `json:"accent,omitempty"`
	Paper  string `json:"paper,omitempty"`
	Ink    string `json:"ink,omitempty"`
}

// Brand is how the recipient's page looks at a payout point.
type Brand struct {
	Merchant string  `json:"merchant_id"`
	Mode     string  `json:"mode"`
	Point    string  `json:"point,omitempty"` // empty: the merchant's default
	Name     string  `json:"name,omitempty"`
	Light    Colours `json:"light"`
	Dark     Colours `json:"dark"`
	Radius   *int    `json:"radius,omitempty"`
	Serif    bool    `json:"serif,omitempty"`
	Logo     []byte  `json:"logo,omitempty"`
}

// SetBrand replaces the brand of a payout point.
func (c *Client) SetBrand(ctx context.Context, b Brand) error {
	_, err := post[json.RawMessage](ctx, c, "/brand", nil, b)
	return err
}
