package codertest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// A new token works and belongs to its user, and its name cannot be used again.
func TestKeys(t *testing.T) {
	d := start(t, codertest.Options{})
	d.manager(t, http.MethodPost, "/api/v0/api-keys/me", `{"name":"test"}`, 201) // no name is in use yet
	created := decode[struct{ Key string }](t, d.call(t, codertest.RoleMember, http.MethodPost, "/api/v0/api-keys/me", `{"name":"laptop"}`))
	d.tokens["new"] = created.Key
	if got := decode[codertest.User](t, d.call(t, "new", http.MethodGet, "/api/v0/users/me", nil)); got.ID != d.users[codertest.RoleMember].ID {
		t.Errorf("the token belongs to %+v", got)
	}
	if got := d.call(t, "new", http.MethodPost, "/api/v0/api-keys/me", `{"name":"laptop"}`); got.status != http.StatusConflict {
		t.Errorf("the same name again: status %d", got.status)
	}
	// another user may use the name, and a manager may create tokens for others
	member := d.users[codertest.RoleMember].ID
	d.manager(t, http.MethodPost, "/api/v0/api-keys/me", `{"name":"laptop"}`, 201)
	d.manager(t, http.MethodPost, "/api/v0/api-keys/"+member, `{"name":"ci"}`, 201)
	d.ExpireToken(created.Key)
	if got := d.call(t, "new", http.MethodGet, "/api/v0/users/me", nil); got.status != http.StatusUnauthorized {
		t.Errorf("after its end the token gets status %d", got.status)
	}
	d.manager(t, http.MethodPost, "/api/v0/api-keys/"+member, `{"name":"laptop"}`, 201) // its name is free again
	if first, second := d.Token(member), d.Token(member); first == second {
		t.Error("two tokens are the same")
	}
}

func TestOrganizations(t *testing.T) {
	d := start(t, codertest.Options{})
	member := d.users[codertest.RoleMember]
	added := d.AddOrg("research", member)
	orgs := decode[[]codertest.Org](t, d.manager(t, http.MethodGet, "/api/v0/orgs", nil, 200))
	if len(orgs) != 2 || !orgs[0].Default || orgs[1].Default || len(orgs[0].Members) != 4 {
		t.Fatalf("the organizations are %+v", orgs)
	}
	got := decode[codertest.Org](t, d.manager(t, http.MethodGet, "/api/v0/orgs/"+added.ID, nil, 200))
	if got.Name != "research" || len(got.Members) != 1 || got.Members[0].ID != member.ID {
		t.Errorf("the organization is %+v", got)
	}
	if got := d.manager(t, http.MethodGet, "/api/v0/orgs/"+d.AddOrg("empty").ID, nil, 200); !strings.Contains(got.body, `"members":[]`) {
		t.Errorf("without members: %s", got.body)
	}
}

func TestImages(t *testing.T) {
	d := start(t, codertest.Options{})
	image := d.AddImage("coder/go")
	if got := decode[codertest.Image](t, d.manager(t, http.MethodGet, "/api/v0/images/"+image.ID, nil, 200)); got != image {
		t.Errorf("the image is %+v, want %+v", got, image)
	}
	for query, want := range map[string]int{
		"": 1, "?orgs=" + image.OrganizationID: 1, "?org=" + image.OrganizationID: 1, "?orgs=other": 0, "?org=other": 0,
	} {
		if got := decode[[]codertest.Image](t, d.manager(t, http.MethodGet, "/api/v0/images"+query, nil, 200)); len(got) != want {
			t.Errorf("images%s: %d, want %d", query, len(got), want)
		}
	}
}

// A user without roles has an empty list, not null.
func TestUserWithoutRoles(t *testing.T) {
	d := start(t, codertest.Options{})
	d.tokens["nobody"] = d.Token(d.AddUser("nobody@example.com").ID)
	if got := d.call(t, "nobody", http.MethodGet, "/api/v0/users/me", nil); !strings.Contains(got.body, `"roles":[]`) {
		t.Errorf("the user is %s", got.body)
	}
	// a token whose user does not exist
	d.tokens["orphan"] = d.Token("no-such-user")
	if got := d.call(t, "orphan", http.MethodGet, "/api/v0/users/me", nil); got.status != http.StatusUnauthorized {
		t.Errorf("an orphan gets status %d", got.status)
	}
}
