package coder

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func FuzzBuildMessage(f *testing.F) {
	f.Add([]byte(`{"id":"1","workspace_id":"w","build_id":"b","time":"2021-01-01T00:00:00Z","type":"done","msg":"x"}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"time":""}`))
	decode := func(data []byte) (message BuildMessage, err error) {
		err = json.Unmarshal(data, &message)
		return message, err
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := decode(data)
		if err != nil {
			if message != (BuildMessage{}) && !json.Valid(data) {
				t.Errorf("%+v beside %v", message, err)
			}
			return
		}
		encoded, err := json.Marshal(message)
		if err != nil {
			return // JSON cannot encode this year
		}
		again, err := decode(encoded)
		if diff := cmp.Diff(message, again); err != nil || diff != "" {
			t.Errorf("%v (-first +again):\n%s", err, diff)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"", "1", "-1", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "soon"} {
		f.Add(value)
	}
	now := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		failure := &Error{Status: http.StatusServiceUnavailable, retryAfter: parseRetryAfter(http.Header{"Retry-After": {value}}, now)}
		if wait, again := retryAfter(failure, 1); !again || wait <= 0 || wait > longestWait {
			t.Errorf("waits %s, again %v", wait, again)
		}
	})
}

func TestProviderChanges(t *testing.T) {
	const base = `{"id":"p","name":"sydney","status":"ready","enable_net_v2":false,"quota":9007199254740993,"config":{"a":1,"b":[1,2]}}`
	for name, test := range map[string]struct {
		after string
		want  []string
	}{
		"nothing":             {base, nil},
		"order and spaces":    {`{"config": {"b": [1, 2], "a": 1}, "quota":9007199254740993, "enable_net_v2":false, "status":"ready", "name":"sydney", "id":"p"}`, nil},
		"flag and status":     {`{"id":"p","name":"sydney","status":"pending","enable_net_v2":true,"quota":9007199254740993,"config":{"a":1,"b":[1,2]},"updated_at":"x"}`, nil},
		"flag gone":           {`{"id":"p","name":"sydney","status":"ready","quota":9007199254740993,"config":{"a":1,"b":[1,2]}}`, nil},
		"a field inside":      {`{"id":"p","name":"sydney","status":"ready","enable_net_v2":false,"quota":9007199254740993,"config":{"a":2,"b":[1,2]}}`, []string{"config"}},
		"the last digit":      {`{"id":"p","name":"sydney","status":"ready","enable_net_v2":false,"quota":9007199254740992,"config":{"a":1,"b":[1,2]}}`, []string{"quota"}},
		"one gone, one new":   {`{"id":"p","status":"ready","enable_net_v2":false,"quota":9007199254740993,"config":{"a":1,"b":[1,2]},"label":"x"}`, []string{"label", "name"}},
		"null is not absence": {`{"id":"p","name":null,"status":"ready","enable_net_v2":false,"quota":9007199254740993,"config":{"a":1,"b":[1,2]}}`, []string{"name"}},
	} {
		var before, after Provider
		if err := json.Unmarshal([]byte(base), &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(test.after), &after); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, ProviderChanges(before, after)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A shortage on this machine is not blamed on the deployment.
func TestDiagnoseNoMoreFiles(t *testing.T) {
	reason, passes := (&Client{}).diagnose(&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)})
	if !strings.Contains(reason, "this machine allows no more open files") || !passes {
		t.Errorf("%q, passes: %v", reason, passes)
	}
}
