package coder_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func TestErrors(t *testing.T) {
	const api, page = "application/json", "text/html; charset=utf-8"
	for _, test := range []struct {
		name                    string
		status                  int
		contentType, body       string
		code, message, foreign  string
		advice, text            string // parts of what the error says
		unauthorized, forbidden bool
		notFound                bool
	}{
		{name: "401", status: 401, contentType: api, body: `{"error":{"msg":"who?","code":"unauthenticated"}}`,
			code: "unauthenticated", message: "who?", advice: "coder login http://127.0.0.1:", text: "401 unauthorized: who?; ", unauthorized: true},
		{name: "401 of a proxy", status: 401, contentType: page, body: "<html>log in</html>", foreign: page,
			advice: "coder login http://127.0.0.1:", text: "a proxy in between may have sent it", unauthorized: true},
		{name: "403", status: 403, contentType: api, body: `{"error":{"msg":"no","code":"forbidden"}}`,
			code: "forbidden", message: "no", advice: "site-manager or site-admin", forbidden: true},
		{name: "403 without code", status: 403, contentType: api, body: `{"error":{"msg":"no"}}`,
			message: "no", advice: "site-manager or site-admin", forbidden: true},
		{name: "403 of a proxy", status: 403, contentType: page, body: "<html>WAF</html>", foreign: page, text: "a proxy in between", forbidden: true},
		{name: "404", status: 404, contentType: api, body: `{"error":{"msg":"gone","code":"not_found","details":{"id":7}}}`,
			code: "not_found", message: "gone", notFound: true},
		{name: "409", status: 409, contentType: api, body: `{"error":{"msg":"there is one","code":"conflict"}}`,
			code: "conflict", message: "there is one"},
		{name: "empty", status: 502, text: "502 bad gateway"},
		{name: "spaces alone", status: 502, contentType: api, body: " \n"},
		{name: "gateway's page", status: 502, contentType: page, body: "<html>", foreign: page, text: "not from Coder's API"},
		{name: "no content type", status: 500, body: "\x00\x01", foreign: "application/octet-stream"},
		{name: "other JSON", status: 500, contentType: api, body: `{"message":"x"}`, foreign: api},
		{name: "JSON list", status: 500, contentType: api, body: `[1]`, foreign: api},
		{name: "error is text", status: 500, contentType: api, body: `{"error":"x"}`, foreign: api},
		{name: "broken JSON", status: 500, contentType: api, body: `{"error":{"msg":"x`, foreign: api},
		{name: "redirect", status: 302, advice: "deployment's own access URL"},
		{name: "terminal", status: 400, contentType: api, body: `{"error":{"msg":"\u001b[2Jgone\r\n\u202e!"}}`, message: " [2Jgone   !"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if test.contentType == "" && test.body == "" {
					w.WriteHeader(test.status)
					return
				}
				if test.contentType == "" {
					w.WriteHeader(test.status)
					_, _ = w.Write([]byte(test.body)) // net/http detects the content type
					return
				}
				says(test.status, test.contentType, test.body)(w, r)
			})
			_, err := client.Me(t.Context())
			var got *coder.Error
			if !errors.As(err, &got) {
				t.Fatalf("%T: %v", err, err)
			}
			type seen struct {
				Method, Path, Code, Message, Foreign string
				Status                               int
				Unauthorized, Forbidden, NotFound    bool
			}
			want := seen{"GET", "/api/v0/users/me", test.code, test.message, test.foreign, test.status,
				test.unauthorized, test.forbidden, test.notFound}
			saw := seen{got.Method, got.Path, got.Code, got.Message, got.Foreign, got.Status,
				coder.IsUnauthorized(err), coder.IsForbidden(err), coder.IsNotFound(err)}
			if diff := cmp.Diff(want, saw); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.Contains(got.Advice, test.advice) || test.advice == "" && got.Advice != "" {
				t.Errorf("advice %q", got.Advice)
			}
			if !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), got.Host) {
				t.Errorf("text %q", err)
			}
		})
	}
}

func TestLongMessage(t *testing.T) {
	client := serve(t, says(400, "application/json", `{"error":{"msg":"`+strings.Repeat("ä", 5000)+`"}}`))
	_, err := client.Me(t.Context())
	if len(err.Error()) > 700 || !strings.HasSuffix(err.Error(), "ä...") {
		t.Errorf("%d bytes, ending %q", len(err.Error()), err.Error()[len(err.Error())-8:])
	}
}

// Answers with status 200 whose content is not what the call expects.
func TestWrongAnswers(t *testing.T) {
	const api = "application/json"
	for _, test := range []struct {
		name, contentType, body string
		works                   string // the calls that may succeed anyway
		text                    string
	}{
		{"a login page", "text/html", "<html>log in</html>", "", "a proxy in between"},
		{"no object", api, "[1, 2]", "SetNetworkingV2 CordonProvider UncordonProvider DeleteSatellite Rebuild", "cannot be parsed"},
		{"cut off JSON", api, `{"kubernetes": [{"id": "x"`, "SetNetworkingV2 CordonProvider UncordonProvider DeleteSatellite Rebuild", "cannot be parsed"},
		{"other JSON", api, `{"hello": 1}`, "SetNetworkingV2 CordonProvider UncordonProvider DeleteSatellite Rebuild", ""},
		{"no item", api, `{"kubernetes": [null], "data": [null]}`, "SetNetworkingV2 CordonProvider UncordonProvider DeleteSatellite Rebuild", ""},
		{"list of nothings", api, `[{}]`, "SetNetworkingV2 CordonProvider UncordonProvider DeleteSatellite Rebuild", ""},
		{"null", api, `null`, "SetNetworkingV2 CordonProvider UncordonProvider DeleteSatellite Rebuild Users ProviderWorkspaces Workspaces", ""},
		{"no body", api, "", "SetNetworkingV2 CordonProvider UncordonProvider DeleteSatellite Rebuild", "cannot be parsed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			requests := 0
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				requests++
				says(200, test.contentType, test.body)(w, r)
			})
			for _, c := range calls("p", "w") {
				requests = 0
				_, err := c.do(t.Context(), client)
				if works := strings.Contains(" "+test.works+" ", " "+c.name+" "); works != (err == nil) {
					t.Errorf("%s: %v", c.name, err)
				}
				if err != nil && c.name != "Version" && !strings.Contains(err.Error(), test.text) {
					t.Errorf("%s: %v does not say %q", c.name, err, test.text)
				}
				if err != nil && !strings.Contains(err.Error(), c.path) {
					t.Errorf("%s: %v does not name the request", c.name, err)
				}
				if requests != 1 {
					t.Errorf("%s: tried %d times", c.name, requests)
				}
			}
		})
	}
}

// An empty list may be null, because Go encodes a nil slice so.
func TestNullLists(t *testing.T) {
	client := serve(t, says(200, "application/json", `{"kubernetes": null, "data": null}`))
	if got, err := client.Providers(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("providers %v, %v", got, err)
	}
	if got, err := client.Satellites(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("satellites %v, %v", got, err)
	}
}

// The refusals of the emulator reach the operator together with advice.
func TestRefusals(t *testing.T) {
	d := start(t, codertest.Options{})
	member := d.AddUser("member@example.com", codertest.RoleMember)
	config := d.config()
	config.Token = coder.Token(d.Token(member.ID))
	err := open(t, config).SetNetworkingV2(t.Context(), d.provider.ID, true)
	if !coder.IsForbidden(err) || !strings.Contains(err.Error(), "site-manager or site-admin") {
		t.Errorf("as a member: %v", err)
	}
	d.ExpireToken(d.token)
	_, err = d.client(t).Me(t.Context())
	if !coder.IsUnauthorized(err) || !strings.Contains(err.Error(), "coder login "+d.URL()) {
		t.Errorf("with an expired token: %v", err)
	}
	config.Token = ""
	if _, err = open(t, config).Me(t.Context()); !coder.IsUnauthorized(err) {
		t.Errorf("without a token: %v", err)
	}
}
