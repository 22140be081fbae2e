// Who may see and trade the account: a card of the settings.

import { api } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { confirm } from "../ui/dialog.js";
import { checkAll, field, setError, showRefusal, valueOf } from "../ui/form.js";
import { Table, emptyState } from "../ui/table.js";
import { act, toast } from "../ui/toast.js";

const ROLES = { owner: "owner: decides over the account", trader: "trader: sends orders, starts and stops", viewer: "viewer: looks, changes nothing" };
const CHOICES = [["viewer", "viewer"], ["trader", "trader"]];

export class Members {
  constructor(account, owns) {
    this.path = `/api/accounts/${account}/members`;
    this.table = new Table(one("#members"), {
      caption: "Members of this account",
      key: (row) => row.user,
      empty: emptyState("user", "This account has no members."),
      columns: [
        { label: "Person", head: true, text: (row) => row.username },
        { label: "Role", class: "quiet", text: (row) => ROLES[row.role] ?? row.role },
        ...(owns ? [{ label: "Actions", hidden: true, right: true, node: (row) => this.removeButton(row), refresh: (cell, row) => (cell.firstChild.hidden = row.role === "owner") }] : []),
      ],
    });
    if (owns) this.bind();
  }

  async load() {
    this.table.update((await api.get(this.path)).results);
  }

  bind() {
    const username = field({ name: "username", label: "Username", required: true, maxlength: 150 });
    const role = field({ name: "role", label: "As", type: "select", options: CHOICES, hint: "A viewer looks; a trader sends orders, too." });
    one("#member-fields").replaceChildren(username, role);
    one("#member-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!checkAll([username])) return;
      act(one("#member-save"), async () => {
        try {
          const member = await api.post(this.path, { username: valueOf(username), role: valueOf(role) });
          toast(`${member.username} may now use this account as ${member.role}.`);
          event.target.reset();
          await this.load();
        } catch (error) {
          if (!showRefusal([username, role], error)) setError(username, error.message);
        }
      });
    });
  }

  removeButton(row) {
    const button = h("button", { class: "btn btn-quiet btn-small", type: "button", "aria-label": `Remove ${row().username}` }, "Remove");
    button.addEventListener("click", async () => {
      const { user, username } = row();
      const sure = await confirm({
        title: `Remove ${username} from this account?`,
        will: [`end ${username}'s sight of it at once`],
        wont: ["cancel orders sent by hand", "stop a strategy"],
        action: "Remove",
      });
      if (!sure) return;
      await act(button, async () => {
        await api.remove(`${this.path}/${user}`);
        toast(`${username} may no longer see this account.`);
        await this.load();
      });
    });
    return button;
  }
}
