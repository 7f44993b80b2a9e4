package coder_test

import (
	"slices"
	"strings"
	"testing"
)

func TestSTUNServers(t *testing.T) {
	relay := `{"urls":["turn:127.0.0.1:3478?transport=tcp"],"username":"u","credential":"c"}`
	for name, test := range map[string]struct {
		body  string
		want  []string
		wrong string // part of the error
	}{
		"none":         {`{"data":[` + relay + `]}`, nil, ""},
		"an empty one": {`{"data":null}`, nil, ""},
		"beside relay": {`{"data":[` + relay + `,{"urls":["stun:stun.example.com:19302"]}]}`, []string{"stun:stun.example.com:19302"}, ""},
		"too many":     {`{"data":[{"urls":["stun:a"` + strings.Repeat(`,"stun:b"`, 20) + `]}]}`, []string{"stun:a", "stun:b", "stun:b", "stun:b", "stun:b", "stun:b", "stun:b", "stun:b"}, ""},
		"no list":      {`{}`, nil, "the answer holds no list"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, says(200, "application/json", test.body)).STUNServers(t.Context())
			if !slices.Equal(got, test.want) || (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
