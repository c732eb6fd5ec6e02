import { mount } from "svelte";
import App from "./ui/App.svelte";
import "./app.css";

const target = document.getElementById("page");
if (!target) throw new Error("index.html has no #page");
mount(App, { target });
