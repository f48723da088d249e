package admin

import (
	"context"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

type colours struct {
	Accent string `json:"accent"`
	Paper  string `json:"paper"`
	Ink    string `json:"ink"`
}

// brand is how the recipient's page looks at a payout point; it replaces the
// one that was there.
type brand struct {
	Merchant string  `json:"merchant_id"`
	Mode     string  `json:"mode"`
	Point    string  `json:"point"` // empty: the merchant's default
	Name     string  `json:"name"`
	Light    colours `json:"light"`
	Dark     colours `json:"dark"`
	Radius   *int    `json:"radius"`
	Serif    bool    `json:"serif"`
	Logo     []byte  `json:"logo"` // PNG or JPEG, in base64
}

func (a *Admin) setBrand(ctx context.Context, _ *wire.Call, req brand) (done, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return done{}, err
	}
	point := strings.TrimPrefix(strings.TrimPrefix(req.Point, engine.PrefixPoint), engine.PrefixProfile)
	if point == "" {
		m, err := a.Engine.Merchant(ctx, req.Merchant)
		if err != nil {
			return done{}, err
		}
		point = m.Point
	}
	b := &engine.Brand{Name: req.Name, Light: engine.BrandColour(req.Light), Dark: engine.BrandColour(req.Dark), Radius: req.Radius, Serif: req.Serif, Logo: req.Logo}
	_, err = a.Engine.UpdatePoint(ctx, who, point, engine.PointEdit{Brand: b}, nil)
	return done{engine.PrefixPoint + point, true}, err
}
