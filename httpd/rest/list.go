package rest

import "penstock/httpd/wire"

// payoutFilter is the body of a filtered list. What is absent does not narrow.
type payoutFilter struct {
	PayoutID   *chosenID       `json:"payout_id"`
	OrderRef   *string         `json:"merchant_order_reference_id"`
	ProfileID  *string         `json:"profile_id"`
	CustomerID *chosenID       `json:"customer_id"`
	Limit      *int            `json:"limit"`
	Offset     *int            `json:"offset"`
	Start      *clock          `json:"start_time"`
	End        *clock          `json:"end_time"`
	Connector  []connectorName `json:"connector"`
	Currency   []currencyCode  `json:"currency"`
	Status     []statusName    `json:"status"`
	Method     []payoutType    `json:"payout_method"`
	Entity     *entityType     `json:"entity_type"`
}

// statusName is a status that a filter may name.
type statusName string

func (s *statusName) UnmarshalText(text []byte) error {
	var allowed []statusName
	for _, w := range allStatuses() {
		allowed = append(allowed, statusName(w))
	}
	return wire.OneOf(s, text, allowed...)
}

// timeRange is the body of the calls that tell what a list can be filtered by.
type timeRange struct {
	Start *clock `json:"start_time"`
	End   *clock `json:"end_time"`
}

type payoutPage struct {
	Size  int              `json:"size"`
	Data  []payoutResponse `json:"data"`
	Total *int             `json:"total_count"` // null where nobody counted
}

type filterValues struct {
	Connector []string `json:"connector"`
	Currency  []string `json:"currency"`
	Status    []string `json:"status"`
	Method    []string `json:"payout_method"`
}

type statusCounts struct {
	Counts map[string]int `json:"status_with_count"`
}
