package docs

import (
	"fmt"
	"strings"
)

// jsonapiMedia is of the gateway's answers.
const jsonapiMedia = "application/vnd.api+json"

// jsonapiPart is the payout gateway.
func jsonapiPart() part {
	p := part{
		schemas: []named{
			{"Errors", object("What every refusal looks like.", must("errors", list(object("",
				must("id", str("A new one for each error.").as("uuid")),
				must("status", str("The HTTP status.").like(`^[45]\d\d$`)),
				must("code", str("A word for programs.").eg("field_invalid")),
				must("title", str("The same for every error of the code.")),
				must("detail", str("What is wrong here, and what to do.")),
				may("source", object("Where it is wrong.",
					may("pointer", str("JSON pointer into the body.").eg("/data/attributes/fields/account")),
					may("parameter", str("Name of the query's parameter.").eg("filter[created][from]")),
					may("header", str("Name of the header.").eg("Idempotency-Key")))),
				must("meta", object("", must("request_id", str("Also in the header X-Request-Id of the answer."))))))))},
			{"PageLinks", object("Addresses of pages. prev and next are null at the ends.",
				must("self", str("")), must("first", str("")), must("prev", str("").null()), must("next", str("").null()), must("last", str("")))},
			{"Resource", object("Any resource.", must("type", str("")), must("id", str("")), must("attributes", free("")),
				may("relationships", free("")), may("links", free("")))},
		},
	}
	for _, more := range []part{requestsPart(), payoutsPart(), pointsPart(), routesPart(), schemesPart(), ratesPart(), hubPart(), booksPart(), directoryPart(), keysPart()} {
		p.tags = append(p.tags, more.tags...)
		p.operations = append(p.operations, more.operations...)
		p.schemas = append(p.schemas, more.schemas...)
	}
	return p
}

// resource is the schema of one kind of resource. relations are closed too.
func resource(kind, about string, attributes *schema, relations ...field) *schema {
	s := object(about, must("type", constant(kind)), must("id", str("")), must("attributes", attributes))
	if relations != nil {
		s = s.plus(must("relationships", object("", relations...)))
	}
	return s.plus(may("links", object("", must("self", str("")))))
}

// toOne and toMany are relations.
func toOne(name, kind string) field {
	pointer := object("", must("type", constant(kind)), must("id", str("")))
	pointer.nullable = true
	return must(name, object("", must("data", pointer)))
}

func toMany(name, kind string) field {
	return must(name, object("", must("data", list(object("", must("type", constant(kind)), must("id", str("")))))))
}

// gateway begins the description of one of the dialect's calls.
func gateway(method, path, id, summary string) operation {
	o := operation{method: method, path: path, id: id, summary: summary, keys: []string{basicKey, bearerKey}}
	for name := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(name, "{") {
			o.params = append(o.params, param{in: "path", name: strings.Trim(name, "{}"), required: true, schema: str("")})
		}
	}
	return o
}

func (o operation) in(tag string) operation    { o.tag = tag; return o }
func (o operation) says(text string) operation { o.about = text; return o }

// once says that the call can be repeated under a key.
func (o operation) once() operation {
	return o.with(param{in: "header", name: "Idempotency-Key", schema: str("A repeat under the same key, with the same body, does nothing and gets the first answer (200); with another body it is refused (409).").upTo(255)})
}

func (o operation) with(params ...param) operation {
	o.params = append(o.params[:len(o.params):len(o.params)], params...)
	return o
}

// takes is the body: a document of a resource's attributes.
func (o operation) takes(kind string, attributes *schema, example any) operation {
	data := object("", must("type", enum("", kind, strings.TrimSuffix(kind, "s"))), may("id", str("Of a change: that of the path.")), must("attributes", attributes.others())).others()
	o.body = &payload{media: []string{"application/json", jsonapiMedia}, schema: object("", must("data", data)).others(), example: example}
	return o
}

// mayTake is takes for a body that can be left out.
func (o operation) mayTake(kind string, attributes *schema) operation {
	o = o.takes(kind, attributes, nil)
	o.body.optional = true
	return o
}

// gives is a good answer of one resource.
func (o operation) gives(status int, about, schemaName string) operation {
	s := object("", must("data", ref(schemaName)), may("included", list(ref("Resource"))), may("links", object("", must("self", str("")))))
	return o.answers(status, about, s)
}

// lists is a good answer of a page of resources, and the parameters of a list.
func (o operation) lists(about, schemaName string, sorts, includes []string, filters ...param) operation {
	s := object("", must("data", list(ref(schemaName))), may("included", list(ref("Resource"))), must("links", ref("PageLinks")))
	o = o.with(filters...)
	o = o.with(query("sort", enum("A - in front means descending.", both(sorts)...)),
		query("page[size]", whole("").between(1, 100).eg(20)), query("page[after]", str("The id of the last item seen.")),
		query("page[before]", str("The id of the first item seen; `last` is behind the last.")))
	if includes != nil {
		o = o.with(query("include", str("Resources to send along, by comma: "+strings.Join(includes, ", ")+".")))
	}
	return o.answers(200, about, s)
}

func both(sorts []string) (out []string) {
	for _, s := range sorts {
		out = append(out, s, "-"+s)
	}
	return out
}

func (o operation) answers(status int, about string, s *schema) operation {
	o.replies = append(o.replies[:len(o.replies):len(o.replies)], reply{status: status, about: about, media: jsonapiMedia, schema: s})
	return o
}

// refuses lists the statuses of the call's own refusals; those that any call
// can get are there anyway.
func (o operation) refuses(statuses ...int) operation {
	for _, status := range append(statuses, 0) {
		o.replies = append(o.replies[:len(o.replies):len(o.replies)], reply{status: status, about: refusalText(status), media: jsonapiMedia, schema: ref("Errors")})
	}
	return o
}

func refusalText(status int) string {
	switch status {
	case 0:
		return "Refused: 400 unreadable, 401 no valid key, 403 not allowed, 413 too large, 415 media type, 429 too many requests (Retry-After), 503 not now (Retry-After), 502 or 500 it is not known whether it was done."
	case 404:
		return "There is no such resource, or it is not yours."
	case 409:
		return "It contradicts what is there: a taken reference or key, or a status that doesn't allow it."
	case 422:
		return "An attribute is missing or not valid; source.pointer says which."
	}
	return fmt.Sprintf("Refused with %d.", status)
}

func query(name string, s *schema) param { return param{in: "query", name: name, schema: s} }

// by is a filter of a list.
func by(field string, s *schema) param { return query("filter["+field+"]", s) }

// span are the two filters of a range of time.
func span(field string) []param {
	return []param{
		query("filter["+field+"][from]", whole("Unix seconds, this one included.")),
		query("filter["+field+"][to]", whole("Unix seconds, this one included.")),
	}
}

// seconds is a time.
func seconds(about string) *schema { return whole(strings.TrimSpace(about + " Unix seconds.")) }

// amount is one that is sent: a number, or a text of one.
func amount(about string) *schema {
	return oneOf(about+" A JSON number or a decimal string, with no more decimals than the currency has.", num(""), str("").like(`^\d+(\.\d+)?$`))
}

// currency is a code of one.
func currency(about string) *schema { return str(about).like(`^[A-Z]{3,4}$`).eg("USD") }
