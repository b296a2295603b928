// The link to a wall, told once: whole, with this server's name where the server does not know it, and copied.

import { copies } from "./copy.js";

const address = document.getElementById("address");
address.textContent = new URL(address.textContent, location.href).href;
copies(document.querySelector(".copy"));
