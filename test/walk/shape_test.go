package walk

import (
	"fmt"
	"strings"
)

// shape is the topology of the region in which a walk takes place.
type shape struct {
	name string
	// lab has the arguments for a lab with only this region.
	lab []string
	// providers are the providers' names if there are several.
	providers []string
}

// shapes are the documentation's cases. The first is the most common.
func shapes() []shape {
	return []shape{
		{name: "simple", lab: []string{"--regions", "sydney"}},
		{name: "spread", lab: []string{"--topology", "spread"}, providers: []string{"london-a", "london-b"}},
		{name: "shared", lab: []string{"--topology", "shared"}, providers: []string{"paris-1", "paris-2"}},
		{name: "builtin", lab: []string{"--topology", "builtin"}},
	}
}

// shapeOf returns the shape of that name.
func shapeOf(name string) (shape, error) {
	for _, s := range shapes() {
		if s.name == name {
			return s, nil
		}
	}
	return shape{}, fmt.Errorf("there is no shape %q", name)
}

// some limits a verb that changes a region to one of several providers, now and then.
func (s shape) some(verb string, pick int) string {
	if len(s.providers) == 0 || pick%4 != 0 || !changes(verb) || strings.HasPrefix(verb, "unlock") {
		return verb
	}
	return verb + " --provider " + s.providers[pick/4%len(s.providers)]
}
