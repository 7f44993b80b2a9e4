package snapshot_test

import (
	"errors"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestFact(t *testing.T) {
	lost := errors.New("lost")
	for name, test := range map[string]struct {
		fact             snapshot.Fact[int]
		value            int
		known, collected bool
		err              error // nil if known
		says             string
	}{
		"nobody asked":        {fact: snapshot.Fact[int]{}, says: "not collected"},
		"known":               {fact: snapshot.Known(7), value: 7, known: true, collected: true},
		"known to be zero":    {fact: snapshot.Known(0), known: true, collected: true},
		"unknown":             {fact: snapshot.Unknown[int](lost), collected: true, err: lost, says: "lost"},
		"of a value":          {fact: snapshot.FactOf(7, nil), value: 7, known: true, collected: true},
		"of a value and err":  {fact: snapshot.FactOf(7, lost), collected: true, err: lost, says: "lost"},
		"unknown, no reason":  {fact: snapshot.Unknown[int](nil), says: "not collected"},
		"of nothing, no less": {fact: snapshot.FactOf(0, nil), known: true, collected: true},
	} {
		t.Run(name, func(t *testing.T) {
			value, known := test.fact.Get()
			if value != test.value || test.fact.Value() != test.value || known != test.known || test.fact.IsKnown() != test.known {
				t.Errorf("value %d, known %v", value, known)
			}
			if test.fact.Collected() != test.collected {
				t.Errorf("collected: %v", test.fact.Collected())
			}
			err := test.fact.Err()
			if (err == nil) != test.known || test.err != nil && !errors.Is(err, test.err) || err != nil && err.Error() != test.says {
				t.Errorf("error: %v", err)
			}
		})
	}
}
